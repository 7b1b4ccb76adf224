/** Injects the kernel's `RealtimeSettings`. */
export const REALTIME_SETTINGS = Symbol('RealtimeSettings');
