import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from './instruments.js';
import { Meters } from './meters.js';
import { OK, outcomeOf } from './outcome.js';

const REQUESTS = {
  name: 'parley_requests_total',
  help: 'Requests that were answered, by event and by what they were answered.',
};

const DURATION = {
  name: 'parley_request_duration_seconds',
  help: 'Time from the start of a handler to its answer, by event.',
  bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
};

const MS_PER_SECOND = 1000;

/** Stands for all events that have no handler: what clients think of must not become labels. */
const UNKNOWN = 'unknown';

/** The requests of one event. */
export class RequestMeter {
  private readonly outcomes = new Map<string, Counter>();
  private duration: Histogram | undefined;

  constructor(
    private readonly meters: Meters,
    private readonly event: string,
  ) {}

  /** A handler has answered, with a reply or with this code, after so many milliseconds. */
  answered(outcome: string, durationMs: number): void {
    this.duration ??= this.meters.histogram(DURATION, { event: this.event });
    this.duration.observe(durationMs / MS_PER_SECOND);
    this.count(outcome);
  }

  /** A request was refused before it reached its handler. */
  refused(code: string): void {
    this.count(code);
  }

  private count(outcome: string): void {
    (this.outcomes.get(outcome) ?? this.open(outcome)).add();
  }

  /** A code that is none of ours is looked up each time: a table of those would have no end. */
  private open(code: string): Counter {
    const outcome = code === OK ? OK : outcomeOf(code);
    const counter = this.meters.counter(REQUESTS, { event: this.event, outcome });
    if (outcome === code) this.outcomes.set(code, counter);
    return counter;
  }
}

/** The requests of all events that have a handler, and of all others as one. */
@Injectable()
export class RequestMeters {
  /** Frames that are none, and events without a handler. */
  readonly unknown: RequestMeter;
  private readonly byEvent = new Map<string, RequestMeter>();

  constructor(private readonly meters: Meters) {
    this.unknown = new RequestMeter(meters, UNKNOWN);
  }

  /** The meter of an event that has a handler: the same one each time. */
  of(event: string): RequestMeter {
    const meter = this.byEvent.get(event) ?? new RequestMeter(this.meters, event);
    this.byEvent.set(event, meter);
    return meter;
  }
}
