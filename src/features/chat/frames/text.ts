/** With the `u` flag only surrogates without a partner match. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Whether every key and value, at every depth, is kept as it is by JSON and by the database. */
export function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && !LONE_SURROGATE.test(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => isStorableJson(key) && isStorableJson(inner));
}
