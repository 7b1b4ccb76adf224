import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Store } from '../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { AppendDriver, DRIVEN_AT_MS, LOG_MIGRATIONS } from '../log/append-driver.js';
import type { Change, SendMessage } from '../log/append/change.js';
import { store as messagesStore } from '../messages/messages.store.js';
import type { MessageView } from '../records/index.js';
import { store as probe } from '../search-index/index-probe.store.js';
import { termsOf } from '../search-index/terms.js';
import { ModelRoom } from './retention-model.js';
import { store as retentionStore } from './retention.store.js';

const DAY_MS = 86_400_000;

let test: TestDatabase;
let driver: AppendDriver;
let retention: Store<typeof retentionStore>;
let messages: Store<typeof messagesStore>;

beforeAll(async () => {
  test = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  driver = new AppendDriver(test.database);
  retention = test.database.open(retentionStore);
  messages = test.database.open(messagesStore);
});

afterAll(async () => test.close());

/** What happens to a room of ann and bob; a message is named by how many were sent before it. */
type Step =
  | { readonly do: 'send'; readonly by: 'ann' | 'bob'; readonly text: string; readonly thread: number | null }
  | { readonly do: 'resend' | 'delete' | 'react'; readonly index: number }
  | { readonly do: 'edit'; readonly index: number; readonly text: string }
  | { readonly do: 'read'; readonly seq: number }
  | { readonly do: 'day' }
  | { readonly do: 'sweep'; readonly keptDays: number; readonly budget: number; readonly steps: number };

const text = fc.constantFrom('quokka @bob', 'wombat', 'quokka wombat');
const index = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      by: fc.constantFrom<'ann' | 'bob'>('ann', 'ann', 'ann', 'bob'),
      text,
      thread: fc.option(fc.nat(2), { freq: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('resend', 'delete', 'react'), index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), index, text }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('read' as const), seq: fc.integer({ min: 1, max: 20 }) }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'day' } as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('sweep' as const),
      keptDays: fc.nat(2),
      budget: fc.integer({ min: 1, max: 6 }),
      steps: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

/** A room in the database, and what it must be like. */
class Pair {
  private readonly sends: { send: SendMessage; seq: number }[] = [];
  private day = 0;

  private constructor(private readonly model: ModelRoom) {}

  static async make(): Promise<Pair> {
    return new Pair(new ModelRoom(await driver.group()));
  }

  async perform(step: Step): Promise<void> {
    if (step.do === 'day') this.day += 1;
    else if (step.do === 'send') await this.send(step);
    else if (step.do === 'read') await this.read(step.seq);
    else if (step.do === 'sweep') await this.sweep(step);
    else await this.touch(step);
  }

  private get nowMs(): number {
    return DRIVEN_AT_MS + this.day * DAY_MS;
  }

  private async append(change: Change) {
    const [outcome] = await driver.appends.append({ nowMs: this.nowMs, changes: [change] });
    return outcome;
  }

  private async send({ by, text, thread }: Step & { do: 'send' }): Promise<void> {
    const { roomId } = this.model;
    const threadSeq = thread === null ? null : (this.sends[thread]?.seq ?? 1);
    const namedIds = text.includes('@bob') ? ['bob'] : [];
    const send = driver.sending(roomId, { actorId: by, text, threadSeq, namedIds });
    const outcome = await this.append(send);
    const seq = this.model.send(by, text, threadSeq, this.day);
    expect(outcome?.outcome).toBe(seq === undefined ? 'refused' : 'stored');
    if (seq !== undefined) this.sends.push({ send, seq });
  }

  private async touch(step: Extract<Step, { index: number }>): Promise<void> {
    const sent = this.sends[step.index];
    if (!sent) return;
    const { seq, send } = sent;
    if (step.do === 'resend') {
      await this.resend(sent);
      return;
    }
    const named = { roomId: this.model.roomId, actorId: send.actorId, seq };
    const text = step.do === 'edit' ? step.text : '';
    const changes = {
      edit: { ...named, change: 'edit', text, namedIds: text.includes('@bob') ? ['bob'] : [] },
      delete: { ...named, change: 'delete' },
      react: { ...named, change: 'react', emoji: '🌳' },
    } as const;
    const outcome = await this.append(changes[step.do]);
    const expected = this.model.touch(seq, step.do, this.day, text);
    expect(outcome?.outcome === 'refused' ? outcome.code : 'stored').toBe(expected);
  }

  private async resend({ send, seq }: { send: SendMessage; seq: number }): Promise<void> {
    expect(await this.append({ ...send, id: 'again' })).toMatchObject({
      duplicate: true,
      events: [],
      message: { seq, id: send.id, text: this.model.textOf(seq) ?? '' },
    });
  }

  private async read(seq: number): Promise<void> {
    const until = Math.min(seq, this.model.head);
    await driver.logs.advance([{ roomId: this.model.roomId, userId: 'bob', seq: until }]);
    this.model.read('bob', until);
  }

  private async sweep({ keptDays, budget, steps }: Step & { do: 'sweep' }): Promise<void> {
    const { roomId } = this.model;
    const beforeMs = this.nowMs - keptDays * DAY_MS;
    for (let count = 0; count < steps; count += 1) {
      const { lowEnds } = await retention.drop({ roomIds: [roomId], beforeMs, nowMs: this.nowMs, budget });
      for (const { from, until } of lowEnds) {
        expect(from).toBe(this.model.floor);
        // Nothing younger than the time, and something of what is older.
        expect(this.model.dayOf(until)).toBeLessThan(this.day - keptDays);
        this.model.floor = until + 1;
      }
      const isDue = this.model.dayOf(this.model.floor) < this.day - keptDays;
      if (lowEnds.length === 0) expect(isDue).toBe(false);
    }
  }

  async compare(): Promise<void> {
    const { model } = this;
    const { roomId, floor, head } = model;
    const events = await driver.events(roomId);
    expect(events.map(({ seq, type }) => [seq, type])).toEqual(model.kept());
    const shown = events.flatMap(({ message }) => (message === undefined ? [] : [message as MessageView]));
    expect(shown.map(({ seq, text, deletedAt }) => ({ seq, text, isDeleted: deletedAt !== null }))).toEqual(
      model.shown(),
    );
    const query = { roomId, userId: 'bob', threadSeq: null, limit: 100, maxBytes: 1e6 };
    const all = await messages.history({ ...query, anchor: { at: 'end' } });
    expect(all).toMatchObject({ head, hasMore: false });
    expect(all?.messages.map(({ seq, text, reactions }) => [seq, text, reactions.length])).toEqual(
      model.messages(),
    );
    const after = await messages.history({ ...query, anchor: { at: 'after', seq: Math.max(0, floor - 3) } });
    expect(after?.messages).toEqual(all?.messages);
    expect(await driver.view(roomId, 'bob')).toMatchObject({
      head,
      floor,
      memberCount: 2,
      ...model.positionOf('bob'),
    });
    const search = { userId: 'ann', roomId, before: 1e9, from: 0, limit: 100, terms: termsOf('quokka') };
    const { places } = await test.database.open(probe).find(search);
    expect(places.map(({ seq }) => seq).toReversed()).toEqual(model.found('quokka'));
  }
}

it('leaves what a small model says, whatever happens before and after', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
    async (steps) => {
      const pair = await Pair.make();
      for (const one of steps) await pair.perform(one);
      await pair.compare();
    },
  );
  await expect(fc.assert(property, { numRuns: 60 })).resolves.toBeUndefined();
}, 120_000);
