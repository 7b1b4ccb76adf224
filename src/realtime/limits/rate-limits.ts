/** How much a bucket gives: on average `perSecond`, at once `burst`. A `perSecond` of 0 gives without limit. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** One family of token buckets, a bucket a key. */
export interface RateLimit {
  /**
   * Takes `cost` tokens (default 1) from the key's bucket if it holds them. Returns 0 when they were taken, else the
   * milliseconds after which they could be. It is decided on this node, without a round trip.
   */
  take(key: string, cost?: number): number;
}

/** Makes the families of token buckets of this node. */
export abstract class RateLimits {
  /** `name` is unique: on a cluster, the buckets of one name are shared. */
  abstract open(name: string, rate: Rate): RateLimit;
}
