/** Each bucket is 5 % wide. */
const BUCKETS_PER_E = 20;
const BUCKETS = 400;
const SMALLEST_MS = 0.001;

/** Latencies in milliseconds, to within 5 %. */
export class Histogram {
  #counts = new Uint32Array(BUCKETS);
  #total = 0;

  add(ms) {
    const bucket = Math.floor(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) * BUCKETS_PER_E);
    this.#counts[Math.min(bucket, BUCKETS - 1)] += 1;
    this.#total += 1;
  }

  /** The upper end of the bucket that a share of all, from 0 to 1, lies within; `null` when there are none. */
  quantile(share) {
    if (this.#total === 0) return null;
    let left = Math.ceil(this.#total * share);
    const bucket = this.#counts.findIndex((count) => (left -= count) <= 0);
    return SMALLEST_MS * Math.exp((bucket + 1) / BUCKETS_PER_E);
  }
}
