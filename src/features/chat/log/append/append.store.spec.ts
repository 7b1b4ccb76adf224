import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openTestDatabase, type TestDatabase } from '../../../../storage/testing.js';
import type { RoomRole, RoomView } from '../../records/index.js';
import { AppendDriver, LOG_MIGRATIONS } from '../append-driver.js';
import type { Change, Outcome } from './change.js';

/** What a room must be like after some changes, worked out without a database. */
class ModelRoom {
  readonly members = new Map<string, { role: RoomRole; readSeq: number }>();
  /** Of each event, how many root messages there are up to it. */
  readonly ordinals: number[] = [];
  private readonly sent = new Map<string, { seq: number; hash: string }>();

  constructor(
    readonly roomId: string,
    readonly kind: 'group' | 'channel',
  ) {
    this.enter('ann', 'owner');
    if (kind === 'group') this.enter('bob', 'member');
  }

  get head(): number {
    return this.ordinals.length;
  }

  ordinal(seq: number): number {
    return this.ordinals[seq - 1] ?? 0;
  }

  /** The seqs of the change's events, or the code it is refused with. */
  apply(change: Change): readonly number[] | string {
    const before = this.head;
    const refusal = this.perform(change);
    return refusal ?? Array.from({ length: this.head - before }, (_, index) => before + index + 1);
  }

  private perform(change: Change): string | undefined {
    if (change.change === 'send') return this.send(change);
    const actorId = String(change.actorId);
    if (change.change === 'join') return this.join(actorId);
    if (change.change === 'leave') return this.leave(actorId);
    if (change.change === 'add') return this.add(actorId, change.userIds);
    throw new Error(`no "${change.change}" in the model`);
  }

  private send(change: Extract<Change, { change: 'send' }>): string | undefined {
    const key = `${change.actorId} ${change.clientId}`;
    const first = this.sent.get(key);
    if (first) return first.hash === change.requestHash ? undefined : 'CONFLICT';
    const member = this.members.get(change.actorId);
    if (!member) return this.stranger();
    this.ordinals.push(this.ordinal(this.head) + 1);
    member.readSeq = this.head;
    this.sent.set(key, { seq: this.head, hash: change.requestHash });
    return undefined;
  }

  private join(userId: string): string | undefined {
    if (this.members.has(userId)) return undefined;
    if (this.kind === 'group') return 'NOT_FOUND';
    this.enter(userId, this.members.size === 0 ? 'owner' : 'member');
    return undefined;
  }

  private leave(userId: string): string | undefined {
    const member = this.members.get(userId);
    if (!member) return this.kind === 'channel' ? undefined : 'NOT_FOUND';
    this.members.delete(userId);
    const [successor] = this.members.values();
    if (member.role === 'owner' && successor) {
      successor.role = 'owner';
      this.ordinals.push(this.ordinal(this.head));
    }
    this.ordinals.push(this.ordinal(this.head));
    return undefined;
  }

  private add(actorId: string, userIds: readonly string[]): string | undefined {
    const actor = this.members.get(actorId);
    if (!actor) return this.stranger();
    if (this.kind === 'channel' && actor.role === 'member') return 'FORBIDDEN';
    for (const userId of userIds) if (!this.members.has(userId)) this.enter(userId, 'member');
    return undefined;
  }

  private enter(userId: string, role: RoomRole): void {
    this.ordinals.push(this.ordinal(this.head));
    this.members.set(userId, { role, readSeq: this.head });
  }

  private stranger(): string {
    return this.kind === 'channel' ? 'FORBIDDEN' : 'NOT_FOUND';
  }
}

const USERS = ['ann', 'bob', 'cy', 'di'];
const user = fc.constantFrom(...USERS);
const hash = fc.constantFrom('this', 'this', 'this', 'that');
const clientId = fc.constantFrom('client-1', 'client-2', 'client-3', 'client-4', 'client-5', 'client-6');

/** A change of one of two rooms. */
const step = fc.record({
  room: fc.nat(1),
  make: fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ change: fc.constant('send' as const), actorId: user, clientId, hash }),
    },
    fc.record({ change: fc.constant('join' as const), actorId: user }),
    fc.record({ change: fc.constant('leave' as const), actorId: user }),
    fc.record({
      change: fc.constant('add' as const),
      actorId: user,
      userIds: fc.uniqueArray(user, { minLength: 1, maxLength: 3 }),
    }),
  ),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 });

let test: TestDatabase;
let log: AppendDriver;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  log = new AppendDriver(test.database);
});

afterAll(async () => test.close());

function changeOf({ make }: Step, roomId: string): Change {
  if (make.change !== 'send') return { ...make, roomId };
  const { actorId, clientId: name, hash: requestHash } = make;
  return log.sending(roomId, { actorId, clientId: name, requestHash });
}

function resultOf(outcome: Outcome): readonly number[] | string {
  if (outcome.outcome === 'stored') return outcome.events.map(({ seq }) => seq);
  return outcome.outcome === 'refused' ? outcome.code : outcome.outcome;
}

/** What the model knows of a view. */
function seenIn({ role, readSeq, head, memberCount, unread }: RoomView) {
  return { role, readSeq, head, memberCount, unread };
}

/** What all users see of the room, in the model and in the database. */
async function expectEqual(model: ModelRoom): Promise<void> {
  const { roomId, head } = model;
  for (const userId of USERS) {
    const member = model.members.get(userId);
    const expected = member && {
      ...member,
      head,
      memberCount: model.members.size,
      unread: model.ordinal(head) - model.ordinal(member.readSeq),
    };
    const view = await log.view(roomId, userId);
    expect(view && seenIn(view)).toEqual(expected);
  }
  expect(await log.seqs(roomId)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
}

describe('the append operation', () => {
  it('does to any batches what the model does to their changes one by one', async () => {
    const property = fc.asyncProperty(batches, async (steps) => {
      const models = [
        new ModelRoom(await log.group(), 'group'),
        new ModelRoom(await log.channel(), 'channel'),
      ];
      for (const batch of steps) {
        const changes = batch.map((it) => changeOf(it, models[it.room]?.roomId ?? ''));
        const expected = changes.map((change, index) => models[batch[index]?.room ?? 0]?.apply(change));
        expect((await log.append(...changes)).map(resultOf)).toEqual(expected);
      }
      for (const model of models) await expectEqual(model);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('holds a change of every size', async () => {
    const userIds = Array.from({ length: 1500 }, (_, index) => `user-${index}`);
    const roomId = await log.group();
    const added = await log.stored({ change: 'add', roomId, actorId: 'ann', userIds });
    expect(added.events).toHaveLength(1500);
    expect(await log.view(roomId, 'user-1499')).toMatchObject({ memberCount: 1502, head: 1502 });
  });
});
