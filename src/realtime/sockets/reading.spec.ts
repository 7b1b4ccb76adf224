import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../testing/index.js';
import { Brakes, Reading } from './reading.js';

describe('reading a socket (T16, T17)', () => {
  let clock: ManualClock;
  let isRead: boolean;
  let brakes: Brakes;
  let reading: Reading;

  beforeEach(() => {
    clock = new ManualClock();
    isRead = true;
    const socket = { pause: () => void (isRead = false), resume: () => void (isRead = true) };
    brakes = new Brakes(clock);
    reading = new Reading(socket, brakes);
  });

  function discard(messages: number): void {
    for (let sent = 0; sent < messages; sent += 1) reading.onDiscarded();
  }

  it('stops and goes on as it is told', () => {
    reading.hold();
    expect(isRead).toBe(false);
    reading.release();
    expect(isRead).toBe(true);
  });

  it('goes on while little is discarded', () => {
    discard(999);
    expect(isRead).toBe(true);
  });

  it('pauses for as long as what is discarded is worth', async () => {
    discard(1000);
    expect(isRead).toBe(false);
    await clock.advance(19);
    expect(isRead).toBe(false);
    await clock.advance(1);
    expect(isRead).toBe(true);
  });

  it('waits for what had been read before the pause, too', async () => {
    discard(1000);
    discard(5000);
    await clock.advance(20);
    expect(isRead).toBe(false);
    await clock.advance(100);
    expect(isRead).toBe(true);
  });

  it('goes on when neither keeps it', async () => {
    reading.hold();
    discard(1000);
    reading.release();
    expect(isRead).toBe(false);
    await clock.advance(20);
    expect(isRead).toBe(true);
    discard(1000);
    reading.hold();
    await clock.advance(20);
    expect(isRead).toBe(false);
  });

  it('pauses the longer, the more are read slowly', async () => {
    const ignored = { pause: () => undefined, resume: () => undefined };
    const others = [1, 2, 3].map(() => new Reading(ignored, brakes));
    for (const other of others) for (let sent = 0; sent < 1000; sent += 1) other.onDiscarded();
    discard(1000);
    await clock.advance(79);
    expect(isRead).toBe(false);
    await clock.advance(1);
    expect(isRead).toBe(true);
    others[0]?.end();
    await clock.advance(1000);
    expect(brakes.size).toBe(0);
  });

  it('is not taken up again after the end', async () => {
    discard(1000);
    reading.end();
    await clock.advance(1000);
    expect(isRead).toBe(false);
  });
});
