import { SetMetadata } from '@nestjs/common';

export const COST_METADATA = 'parley:cost';

/**
 * Says that a request of this handler weighs as much as `frames` frames (default 1) against `RATE_FRAMES_PER_S`. Above the
 * rate it is answered `RATE_LIMITED` and the handler does not run. A cost above the burst is the whole burst.
 *
 * @example
 * ```ts
 * @Cost(5)
 * @SubscribeMessage('poll.results')
 * results(…) { … }
 * ```
 */
export const Cost = (frames: number): MethodDecorator => SetMetadata(COST_METADATA, frames);
