import { beforeEach, describe, expect, it } from '@jest/globals';
import { RecordedConnection } from '../../../../test/stream/recorded-connection.js';
import { ManualClock } from '../../../testing/index.js';
import { LocalPresence } from './local-presence.js';

const GONE = { code: 1006, reason: '' };

describe('the presence of local connections', () => {
  let clock: ManualClock;
  let changes: [string, string | undefined][];
  let local: LocalPresence;

  beforeEach(() => {
    clock = new ManualClock();
    changes = [];
    local = new LocalPresence(clock, { graceMs: 5000, idleMs: 60_000 }, (userId, liveness) =>
      changes.push([userId, liveness]),
    );
  });

  function open(): RecordedConnection {
    const connection = new RecordedConnection('c', 'ann');
    connection.lastFrameAtMs = clock.monotonicMs();
    local.open(connection);
    return connection;
  }

  it('makes no noise over a reconnect within the grace period', async () => {
    local.close(open(), GONE);
    await clock.advance(4999);
    open();
    await clock.advance(10_000);
    expect(changes).toEqual([['ann', 'active']]);
  });

  it('ends with the grace period of the last connection', async () => {
    local.close(open(), GONE);
    await clock.advance(5000);
    expect(changes).toEqual([
      ['ann', 'active'],
      ['ann', undefined],
    ]);
    expect(local.stop()).toEqual(new Map());
  });

  it('waits as long as a restart told the client to wait, and then the grace period', async () => {
    local.close(open(), { code: 1012, reason: 'retry-after-ms=3000' });
    await clock.advance(7999);
    expect(changes).toHaveLength(1);
    await clock.advance(1);
    expect(changes).toHaveLength(2);
  });

  it('says when it stops for how long a user still counts, and when the last connection closed', async () => {
    const first = open();
    local.close(open(), { code: 1012, reason: 'retry-after-ms=3000' });
    await clock.advance(1000);
    const closedAtMs = clock.now();
    local.close(first, GONE);
    await clock.advance(500);
    expect(local.stop()).toEqual(
      new Map([['ann', { liveness: 'active', forMs: 6500, seenAtMs: closedAtMs }]]),
    );
    await clock.advance(20_000);
    expect(changes).toEqual([['ann', 'active']]);
  });

  it('is idle when no connection has had a frame for long enough', async () => {
    const first = open();
    const second = open();
    await clock.advance(40_000);
    second.lastFrameAtMs = clock.monotonicMs();
    await clock.advance(59_000);
    expect(changes).toHaveLength(1);
    await clock.advance(2000);
    expect(changes.at(-1)).toEqual(['ann', 'idle']);
    first.lastFrameAtMs = clock.monotonicMs();
    await clock.advance(1000);
    expect(changes.at(-1)).toEqual(['ann', 'active']);
  });

  it('lets a connection that closed count for its grace period', async () => {
    const idle = open();
    await clock.advance(61_000);
    const used = open();
    expect(changes.at(-1)).toEqual(['ann', 'active']);
    local.close(used, GONE);
    await clock.advance(4000);
    expect(changes.at(-1)).toEqual(['ann', 'active']);
    await clock.advance(1000);
    expect(changes.at(-1)).toEqual(['ann', 'idle']);
    local.close(idle, GONE);
    await clock.advance(5000);
    expect(changes.at(-1)).toEqual(['ann', undefined]);
  });
});
