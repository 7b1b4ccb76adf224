import { SetMetadata } from '@nestjs/common';

/**
 * When a request of a connection may start, given that requests start in the order of their arrival:
 * - `connection`: when everything earlier on the connection has been answered, appends included;
 * - `room`: when everything earlier has been answered, or, if it was `room` too, admitted (see `Appending`).
 *   Requests of one room (their `data.roomId`) are answered in their order;
 * - `none`: at once, and nothing later waits for it.
 */
export type Ordering = 'connection' | 'room' | 'none';

export const ORDERED_METADATA = 'parley:ordered';

/** Declares a handler's concurrency. Without it, a handler is ordered by `connection`. */
export const Ordered = (ordering: Ordering): MethodDecorator => SetMetadata(ORDERED_METADATA, ordering);
