/** A number that only rises. To add to it costs an addition. */
export class Counter {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** Adds to it; defaults to 1. */
  add(times = 1): void {
    this.#value += times;
  }
}

/** How often a value fell between two bounds. To observe one costs a few comparisons. */
export class Histogram {
  #sum = 0;
  readonly #counts: number[];

  /** `bounds` rise; a value counts for the first bound that it does not exceed. */
  constructor(readonly bounds: readonly number[]) {
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  get sum(): number {
    return this.#sum;
  }

  /** For each bound how many values it held that the bound before did not; the last number is of those beyond all. */
  get counts(): readonly number[] {
    return this.#counts;
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.bounds.length && value > (this.bounds[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }
}
