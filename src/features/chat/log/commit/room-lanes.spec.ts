import { describe, expect, it } from '@jest/globals';
import { StorageError } from '../../../../storage/index.js';
import type { Batch, Change, Deferred, Outcome, SendMessage } from '../append/index.js';
import { Committer } from './committer.js';
import type { Appends } from './measured-appends.js';
import { PendingChange } from './pending-change.js';
import { RoomLanes } from './room-lanes.js';

/** A call that the test answers. */
interface Call {
  readonly changes: readonly Change[];
  answer(outcomes: readonly (Outcome | Deferred)[]): Promise<void>;
  fail(error: Error): Promise<void>;
}

const RULED: Deferred = { outcome: 'deferred', until: 'rules' };
const LOCKED: Deferred = { outcome: 'deferred', until: 'unlocked' };

/** A shared database whose answers the test gives, call by call. */
class AwaitedAppends implements Appends {
  readonly calls: Call[] = [];
  readonly append = (batch: Batch): Promise<Outcome[]> => this.call(batch) as Promise<Outcome[]>;
  readonly shared: Appends['shared'] = {
    appendToFree: (batch) => this.call(batch),
    send: (batch) => this.call(batch) as Promise<(Extract<Outcome, { outcome: 'stored' }> | Deferred)[]>,
  };

  private call({ changes }: Batch): Promise<(Outcome | Deferred)[]> {
    return new Promise((resolve, reject) => {
      const answer = async (outcomes: readonly (Outcome | Deferred)[]): Promise<void> => {
        resolve([...outcomes]);
        await turn();
      };
      const fail = async (error: Error): Promise<void> => {
        reject(error);
        await turn();
      };
      this.calls.push({ changes, answer, fail });
    });
  }

  /** The call that is waiting, and no longer. */
  take(): Call {
    const call = this.calls.shift();
    if (call === undefined) throw new Error('nothing is waited for');
    return call;
  }
}

let sent = 0;

function sending(roomId: string): SendMessage {
  const name = `message-${++sent}`;
  const references = { replyTo: null, threadSeq: null, meta: null, namedIds: [], attachmentIds: [] };
  const texts = { id: name, clientId: name, requestHash: name, text: name };
  return { change: 'send', roomId, actorId: 'ann', ...texts, ...references };
}

const joining = (roomId: string): Change => ({ change: 'join', roomId, actorId: 'bob' });
const stored = (roomId: string): Outcome => ({ outcome: 'stored', roomId, duplicate: false, events: [] });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function lanesOver(appends: Appends): RoomLanes {
  return new RoomLanes(
    new Committer(
      appends,
      () => ({ nowMs: 0 }),
      () => undefined,
    ),
  );
}

class Lanes {
  readonly appends = new AwaitedAppends();
  readonly lanes = lanesOver(this.appends);

  async push(change: Change): Promise<PendingChange> {
    const pending = new PendingChange(change);
    pending.committed.catch(() => undefined);
    this.lanes.push([pending]);
    await turn();
    return pending;
  }

  /** That a room takes messages. */
  async expectStores(roomId: string): Promise<void> {
    const pending = await this.push(sending(roomId));
    const call = this.appends.take();
    expect(call.changes).toEqual([pending.change]);
    await call.answer([stored(roomId)]);
    await expect(pending.committed).resolves.toMatchObject({ roomId });
  }
}

const outcomeOf = async ({ committed }: PendingChange): Promise<string> =>
  committed.then(
    () => 'stored',
    (error: unknown) => (error instanceof StorageError ? error.outcome : String(error)),
  );

describe('a room whose change was given up', () => {
  it('goes on when that waited for the rules', async () => {
    const test = new Lanes();
    await test.push(joining('busy'));
    const ruled = test.appends.take();
    const late = await test.push(joining('quiet'));
    late.giveUp();
    expect(await outcomeOf(late)).toBe('not-stored');
    await ruled.answer([stored('busy')]);
    await test.expectStores('quiet');
    await test.lanes.end();
  });

  it('goes on when the answer was to send it to the rules', async () => {
    const test = new Lanes();
    const late = await test.push(sending('room'));
    late.giveUp();
    expect(await outcomeOf(late)).toBe('unknown');
    await test.appends.take().answer([RULED]);
    await test.expectStores('room');
    await test.lanes.end();
  });

  it('goes on when the answer was that another node has locked it', async () => {
    const test = new Lanes();
    const late = await test.push(sending('room'));
    late.giveUp();
    await test.appends.take().answer([LOCKED]);
    await test.expectStores('room');
    await test.lanes.end();
  });

  it('goes on when that stood behind another one of the room', async () => {
    const test = new Lanes();
    await test.push(joining('room'));
    const ruled = test.appends.take();
    const late = await test.push(sending('room'));
    late.giveUp();
    await ruled.answer([stored('room')]);
    await test.expectStores('room');
    await test.lanes.end();
  });
});

describe('a change that was given up', () => {
  it('counts no longer as one that waits behind another', async () => {
    const test = new Lanes();
    await test.push(joining('room'));
    for (let count = 0; count < 10; count += 1) (await test.push(sending('room'))).giveUp();
    expect(test.lanes.size).toBeLessThanOrEqual(1);
    await test.appends.take().answer([stored('room')]);
    await test.lanes.end();
  });

  it('is not stored any more when its batch is done again one by one', async () => {
    const test = new Lanes();
    await test.push(sending('before'));
    const first = test.appends.take();
    const [one, other] = [await test.push(sending('one')), await test.push(sending('other'))];
    await first.answer([stored('before')]);
    await test.appends.take().fail(new Error('one of them breaks it'));
    other.giveUp();
    expect(await outcomeOf(other)).toBe('not-stored');
    const again = test.appends.take();
    expect(again.changes).toEqual([one.change]);
    await again.answer([stored('one')]);
    expect(test.appends.calls).toEqual([]);
    await test.lanes.end();
  });
});

describe('the end of the lanes', () => {
  it('waits for what is on its way in each of them', async () => {
    const test = new Lanes();
    const all = [await test.push(joining('ruled')), await test.push(sending('plain'))];
    const [ruled, plain] = [test.appends.take(), test.appends.take()];
    let hasEnded = false;
    const ended = test.lanes.end().then(() => (hasEnded = true));
    await plain.answer([stored('plain')]);
    expect(hasEnded).toBe(false);
    await ruled.answer([stored('ruled')]);
    await ended;
    expect(await Promise.all(all.map(outcomeOf))).toEqual(['stored', 'stored']);
  });

  it('comes when the database fails everything', async () => {
    const test = new Lanes();
    const all = [await test.push(joining('ruled')), await test.push(sending('plain'))];
    const down = new StorageError('not-stored', 'the database is down');
    const ended = test.lanes.end();
    for (const call of [test.appends.take(), test.appends.take()]) await call.fail(down);
    await ended;
    expect(await Promise.all(all.map(outcomeOf))).toEqual(['not-stored', 'not-stored']);
  });
});
