import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Meters } from '../metrics/meters.js';
import { rateRefusals } from '../metrics/rate-refusals.js';
import { Traffic } from '../metrics/traffic.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { FrameMeter, type MeterTerms } from './frame-meter.js';
import { Gcra } from './gcra.js';

/** A bucket holds the tokens of so many seconds. */
const BURST_SECONDS = 2;
/** Beyond so many times the rate, frames are discarded. */
const FLOOD_FACTOR = 10;

/** `RATE_FRAMES_PER_S`, as a meter for each connection. */
@Injectable()
export class FrameRate {
  private readonly terms: MeterTerms | undefined;

  constructor(
    clock: Clock,
    meters: Meters,
    traffic: Traffic,
    @Inject(REALTIME_SETTINGS) { framesPerSecond }: RealtimeSettings,
  ) {
    const refusals = rateRefusals(meters, 'frames');
    if (framesPerSecond === 0) return;
    const burst = BURST_SECONDS * framesPerSecond;
    this.terms = {
      gcra: new Gcra({ perSecond: framesPerSecond, burst }),
      burst,
      floodPerSecond: FLOOD_FACTOR * framesPerSecond,
      monotonicMs: () => clock.monotonicMs(),
      refusals,
      discarded: traffic.framesDiscarded,
    };
  }

  /** A full bucket for a new connection; `undefined` when there is no limit. */
  open(): FrameMeter | undefined {
    return this.terms === undefined ? undefined : new FrameMeter(this.terms);
  }
}
