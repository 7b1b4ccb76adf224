import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../testing/index.js';
import { Meters } from '../metrics/meters.js';
import { Traffic } from '../metrics/traffic.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { DISCARDED, type FrameMeter } from './frame-meter.js';
import { FrameRate } from './frame-rate.js';

const PER_SECOND = 5;
const BURST = 10;
const FLOOD = 50;

let clock: ManualClock;
let meter: FrameMeter;

function open(framesPerSecond: number): FrameMeter | undefined {
  const meters = new Meters();
  return new FrameRate(clock, meters, new Traffic(meters), { framesPerSecond } as RealtimeSettings).open();
}

beforeEach(() => {
  clock = new ManualClock();
  meter = open(PER_SECOND) as FrameMeter;
});

function count(frames: number): number[] {
  return Array.from({ length: frames }, () => meter.count());
}

/** One second of the clock in which frames are discarded. */
async function floodedSecond(): Promise<void> {
  count(FLOOD + 1);
  await clock.advance(1000);
}

describe('a frame meter', () => {
  it('is not there at a rate of 0', () => {
    expect(open(0)).toBeUndefined();
  });

  it('gives a burst of twice the rate, then says when the next frame is within it', async () => {
    expect(count(BURST)).toEqual(Array.from({ length: BURST }, () => 0));
    expect(meter.count()).toBe(200);
    await clock.advance(199);
    expect(meter.count()).toBe(1);
    await clock.advance(1);
    expect([meter.count(), meter.count()]).toEqual([0, 200]);
  });

  it('discards what is beyond ten times the rate, until the second is over', async () => {
    const told = count(FLOOD + 20);
    expect(told.slice(0, FLOOD)).not.toContain(DISCARDED);
    expect(told.slice(FLOOD)).toEqual(Array.from({ length: 20 }, () => DISCARDED));
    await clock.advance(1000);
    expect(meter.count()).toBe(0);
  });

  it('is flooded in the tenth second of discarded frames', async () => {
    for (let second = 1; second < 10; second++) await floodedSecond();
    expect(meter.isFlooded).toBe(false);
    count(FLOOD);
    expect(meter.isFlooded).toBe(false);
    count(1);
    expect(meter.isFlooded).toBe(true);
  });

  it('forgives a flooded second for every calm one', async () => {
    for (let second = 0; second < 9; second++) await floodedSecond();
    await clock.advance(3000);
    for (let second = 0; second < 3; second++) await floodedSecond();
    expect(meter.isFlooded).toBe(false);
    await floodedSecond();
    expect(meter.isFlooded).toBe(true);
  });

  it('never closes a client that keeps to ten times the rate', async () => {
    for (let second = 0; second < 60; second++) {
      count(FLOOD);
      await clock.advance(1000);
    }
    expect(meter.isFlooded).toBe(false);
  });

  it('charges a request whole or not at all, and keeps what it promises', async () => {
    count(BURST - 3);
    expect([meter.count(), meter.surcharge(3)]).toEqual([0, 0]);
    const [frame, wait] = [meter.count(), meter.surcharge(4)];
    expect(frame).toBe(200);
    expect(wait).toBe(800);
    await clock.advance(wait);
    expect([meter.count(), meter.surcharge(4)]).toEqual([0, 0]);
    expect(meter.count()).toBe(200);
  });

  it('lets a request that costs more than the burst have the whole burst', () => {
    expect([meter.count(), meter.surcharge(1000), meter.count()]).toEqual([0, 0, 200]);
  });

  it('never lets more through than burst + rate × time, whatever frames cost', async () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 2500 }), fc.integer({ min: 1, max: 12 })));
    const property = fc.asyncProperty(steps, async (all) => {
      meter = open(PER_SECOND) as FrameMeter;
      let [through, elapsedMs] = [0, 0];
      for (const [waitMs, cost] of all) {
        await clock.advance(waitMs);
        elapsedMs += waitMs;
        if (meter.count(cost) === 0) through += Math.min(cost, BURST);
        expect(through).toBeLessThanOrEqual(BURST + (PER_SECOND * elapsedMs) / 1000 + 0.001);
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
