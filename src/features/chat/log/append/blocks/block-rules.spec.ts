import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openTestDatabase, type TestDatabase } from '../../../../../storage/testing.js';
import { AppendDriver, LOG_MIGRATIONS } from '../../append-driver.js';
import type { Change, Outcome } from '../change.js';

const FORBIDDEN = { outcome: 'refused', code: 'FORBIDDEN' };

let test: TestDatabase;
let log: AppendDriver;
let people = 0;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
});

afterAll(async () => test.close());

/** Somebody whom nobody has blocked yet. */
function somebody(): string {
  people += 1;
  return `somebody-${people}`;
}

/** Ann asks for a direct room with the other. */
const opening = (other: string, actorId = 'ann'): Change =>
  log.creation({ kind: 'direct', actorId, memberIds: [other] });

async function direct(other: string): Promise<string> {
  return (await log.stored(opening(other))).roomId;
}

function joinedIn(outcome: Outcome): unknown[] {
  if (outcome.outcome !== 'stored') throw new Error(`not stored: ${outcome.message}`);
  return outcome.events.map(({ userId }) => userId);
}

describe('who is blocked', () => {
  it('opens no direct room with the one who blocked them, who may open one', async () => {
    const eve = somebody();
    await log.block(eve, 'ann');
    expect(await log.one(opening(eve))).toMatchObject(FORBIDDEN);
    expect(await log.one(opening('ann', eve))).toMatchObject({ outcome: 'stored', duplicate: false });
  });

  it('is still given the direct room that there is, and by a repeated request the first one', async () => {
    const eve = somebody();
    const first = opening(eve);
    const { roomId } = await log.stored({ ...first, clientId: `open-${eve}` } as Change);
    await log.block(eve, 'ann');
    expect(await log.one(opening(eve))).toMatchObject({ outcome: 'stored', duplicate: true, roomId });
    const again = { ...opening(somebody()), clientId: `open-${eve}` } as Change;
    expect(await log.one(again)).toMatchObject({ outcome: 'stored', duplicate: true, roomId });
  });

  it('sends nothing in the direct room of the two until unblocked', async () => {
    const eve = somebody();
    const roomId = await direct(eve);
    await log.block(eve, 'ann');
    const send = log.sending(roomId);
    expect(await log.one(send)).toMatchObject(FORBIDDEN);
    expect(await log.one(log.sending(roomId, { actorId: eve }))).toMatchObject({ outcome: 'stored' });
    await log.block(eve, 'ann', false);
    expect(await log.one(send)).toMatchObject({ outcome: 'stored', duplicate: false });
  });

  it('finds by a repeated send what was stored before the block', async () => {
    const eve = somebody();
    const roomId = await direct(eve);
    const send = log.sending(roomId);
    await log.stored(send);
    await log.block(eve, 'ann');
    expect(await log.one(send)).toMatchObject({ outcome: 'stored', duplicate: true });
  });

  it('sends in a group in which the one who blocked them is too', async () => {
    const roomId = await log.group();
    await log.block('bob', 'ann');
    expect(await log.one(log.sending(roomId))).toMatchObject({ outcome: 'stored' });
    await log.block('bob', 'ann', false);
  });

  it('is refused alone in a batch', async () => {
    const [eve, fred] = [somebody(), somebody()];
    const rooms = [await direct(eve), await direct(fred)];
    await log.block(eve, 'ann');
    const outcomes = await log.append(...rooms.map((roomId) => log.sending(roomId)));
    expect(outcomes).toMatchObject([FORBIDDEN, { outcome: 'stored' }]);
  });

  it('brings nobody into a room who blocked them, and everyone else', async () => {
    const property = fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), async (are) => {
      const users = are.map((isBlocking) => ({ isBlocking, id: somebody() }));
      for (const { id, isBlocking } of users) if (isBlocking) await log.block(id, 'ann');
      const all = users.map(({ id }) => id);
      const open = users.filter(({ isBlocking }) => !isBlocking).map(({ id }) => id);
      expect(joinedIn(await log.one(log.creation({ memberIds: all })))).toEqual(['ann', ...open]);
      const roomId = await log.group();
      const adding: Change = { change: 'add', roomId, actorId: 'ann', userIds: all };
      expect(joinedIn(await log.one(adding))).toEqual(open);
      expect(joinedIn(await log.one({ ...adding, actorId: 'bob' }))).toEqual(
        all.filter((id) => !open.includes(id)),
      );
    });
    await fc.assert(property, { numRuns: 15 });
  });
});
