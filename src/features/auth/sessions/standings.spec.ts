import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Principal } from '../../../realtime/index.js';
import { ManualClock } from '../../../testing/index.js';
import { Happenings } from './happenings.js';
import type { Standing } from './sessions.store.js';
import { type Seen, Standings } from './standings.js';

const USER = { id: 'ann', username: 'ann', displayName: 'Ann', updatedAt: '', deletedAt: null };
const LIVING: Standing = {
  sessionId: 's1',
  user: USER,
  isRevoked: false,
  isSuspended: false,
  expiresAtMs: 1e15,
  unusedAnswer: null,
};

describe('what a session is judged by while its connection opens', () => {
  let clock: ManualClock;
  let happenings: Happenings;
  let stored: Standing;
  let reads: number;
  let standings: Standings;
  let principal: Principal;

  beforeEach(() => {
    clock = new ManualClock();
    happenings = new Happenings(clock);
    stored = LIVING;
    reads = 0;
    const read = async (ids: readonly string[]) => {
      reads += 1;
      const snapshot = ids.flatMap((id) => (id === stored.sessionId ? [structuredClone(stored)] : []));
      // Whatever happens meanwhile is not in it any more.
      await new Promise((resolve) => setImmediate(resolve));
      return snapshot;
    };
    standings = new Standings({ standings: read }, happenings);
    principal = { userId: 'ann', sessionId: 's1', expiresAtMs: null };
  });

  async function judged(): Promise<void> {
    standings.keep(principal, (await standings.of('s1')) as Seen);
  }

  function revoke(): void {
    stored = { ...stored, isRevoked: true };
    happenings.note('ann');
  }

  it('is read once while nothing happens to the user', async () => {
    await judged();
    happenings.note('ben');
    expect(await standings.still(principal)).toMatchObject(LIVING);
    expect(reads).toBe(1);
  });

  it('is read again when the session has ended since', async () => {
    await judged();
    revoke();
    expect(await standings.still(principal)).toMatchObject({ isRevoked: true });
  });

  it('is read again when the session ended while it was read', async () => {
    const reading = standings.of('s1');
    await new Promise((resolve) => setImmediate(resolve));
    revoke();
    standings.keep(principal, (await reading) as Seen);
    expect(await standings.still(principal)).toMatchObject({ isRevoked: true });
  });

  it('is read again long after an ending that is forgotten by now', async () => {
    await judged();
    revoke();
    for (let minute = 0; minute < 3; minute += 1) {
      await clock.advance(60_000);
      happenings.note('ben');
    }
    expect(await standings.still(principal)).toMatchObject({ isRevoked: true });
  });

  it('remembers an ending as long as a guard may take', async () => {
    await judged();
    revoke();
    await clock.advance(29_999);
    happenings.note('ben');
    expect(await standings.still(principal)).toMatchObject({ isRevoked: true });
  });

  it('is read again for every connection but the one that was judged', async () => {
    await judged();
    await standings.still(principal);
    await standings.still(principal);
    await standings.still({ ...principal });
    expect(reads).toBe(3);
  });
});
