import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from './instruments.js';

/** Names and values of a metric's labels. Values come from a small set that is known beforehand: never a user or a room. */
export type Labels = Readonly<Record<string, string>>;

/** What a metric is called, and what it tells. */
export interface MetricTerms {
  /** In Prometheus' words: `parley_<what>_<unit>`, a counter's ending in `_total`. */
  readonly name: string;
  /** One sentence, shown beside it. */
  readonly help: string;
}

/** What a histogram needs beside that. */
export interface HistogramTerms extends MetricTerms {
  /** Rising, in the unit that its name ends in. */
  readonly bounds: readonly number[];
}

/** A number of this moment. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A histogram with its labels. */
export interface HistogramSample {
  readonly labels: Labels;
  readonly histogram: Histogram;
}

/** A metric, to be read by whoever shows it. */
export type Metric = MetricTerms &
  (
    | { readonly type: 'counter' | 'gauge'; read(): Iterable<Sample> }
    | { readonly type: 'histogram'; read(): Iterable<HistogramSample> }
  );

/** One metric's instruments, by their labels. */
type Instruments<Instrument> = Map<string, { readonly labels: Labels; readonly instrument: Instrument }>;

/**
 * The metrics of this process. The kernel, the features and add-ons count here what they do; the admin listener shows it at
 * `/metrics`. Counting asks nobody and allocates nothing, and what is not looked at costs no more than that.
 *
 * @example
 * ```ts
 * constructor(meters: Meters) {
 *   this.votes = meters.counter({ name: 'polls_votes_total', help: 'Votes that were cast.' });
 * }
 * // later
 * this.votes.add();
 * ```
 */
@Injectable()
export class Meters {
  private readonly metrics = new Map<string, Metric>();
  private readonly counters = new Map<string, Instruments<Counter>>();
  private readonly histograms = new Map<string, Instruments<Histogram>>();

  /** The counter of this name and these labels: the same one each time. Throws when the name is another metric's. */
  counter(terms: MetricTerms, labels: Labels = {}): Counter {
    const known = this.counters.get(terms.name) ?? this.declareCounter(terms);
    return instrumentOf(known, labels, () => new Counter());
  }

  /** The histogram of this name and these labels: the same one each time. Throws when the name is another metric's. */
  histogram(terms: HistogramTerms, labels: Labels = {}): Histogram {
    const known = this.histograms.get(terms.name) ?? this.declareHistogram(terms);
    return instrumentOf(known, labels, () => new Histogram(terms.bounds));
  }

  /** Has `read` asked for the number of the moment whenever it is shown. It must not throw. */
  gauge(terms: MetricTerms, read: () => number | Iterable<Sample>): void {
    this.declare({ ...terms, type: 'gauge', read: () => samplesIn(read()) });
  }

  /** As `gauge`, of a number that only rises and is counted elsewhere. */
  counted(terms: MetricTerms, read: () => number | Iterable<Sample>): void {
    this.declare({ ...terms, type: 'counter', read: () => samplesIn(read()) });
  }

  /** Every metric, in the order of their declaration. */
  all(): Iterable<Metric> {
    return this.metrics.values();
  }

  private declareCounter({ name, help }: MetricTerms): Instruments<Counter> {
    const instruments: Instruments<Counter> = new Map();
    const read = (): Sample[] =>
      [...instruments.values()].map(({ labels, instrument }) => ({ labels, value: instrument.value }));
    this.declare({ name, help, type: 'counter', read });
    this.counters.set(name, instruments);
    return instruments;
  }

  private declareHistogram({ name, help }: HistogramTerms): Instruments<Histogram> {
    const instruments: Instruments<Histogram> = new Map();
    const read = (): HistogramSample[] =>
      [...instruments.values()].map(({ labels, instrument }) => ({ labels, histogram: instrument }));
    this.declare({ name, help, type: 'histogram', read });
    this.histograms.set(name, instruments);
    return instruments;
  }

  private declare(metric: Metric): void {
    if (this.metrics.has(metric.name)) throw new Error(`two metrics are named "${metric.name}"`);
    this.metrics.set(metric.name, metric);
  }
}

function instrumentOf<Instrument>(
  byLabels: Instruments<Instrument>,
  labels: Labels,
  create: () => Instrument,
): Instrument {
  const key = JSON.stringify(labels);
  const known = byLabels.get(key);
  if (known !== undefined) return known.instrument;
  const instrument = create();
  byLabels.set(key, { labels, instrument });
  return instrument;
}

function samplesIn(read: number | Iterable<Sample>): Iterable<Sample> {
  return typeof read === 'number' ? [{ labels: {}, value: read }] : read;
}
