import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Store } from '../../../../../storage/index.js';
import { openTestDatabase, type TestDatabase } from '../../../../../storage/testing.js';
import { store as pinsStore } from '../../../lifecycle/pins.store.js';
import { store as messagesStore } from '../../../messages/messages.store.js';
import type { MessageView } from '../../../records/index.js';
import { AppendDriver, LOG_MIGRATIONS } from '../../append-driver.js';
import type { Change, Outcome } from '../change.js';
import { ModelGroup, type ModelMessage } from './lifecycle-model.js';

let database: TestDatabase;
let driver: AppendDriver;
let messages: Store<typeof messagesStore>;
let pins: Store<typeof pinsStore>;

beforeAll(async () => {
  database = await openTestDatabase({ migrations: LOG_MIGRATIONS });
  driver = new AppendDriver(database.database);
  messages = database.database.open(messagesStore);
  pins = database.database.open(pinsStore);
});

afterAll(async () => database.close());

const MEMBERS = ['ann', 'bob', 'cay'] as const;

/** A change of a room that is not known yet; a message is named by how many were sent before it, in the same batch too. */
type Step = (roomId: string, seqs: readonly number[]) => Change;

const user = fc.constantFrom('ann', 'bob', 'cay', 'eve');
const text = fc.constantFrom('one', 'two', 'three');
const named = fc.subarray(['bob', 'cay', 'eve']);
const emoji = fc.constantFrom('🌳', '👍');
/** Few messages, so that the changes meet. */
const nth = fc.nat(4);

const at = (seqs: readonly number[], index: number): number => seqs[index] ?? 1;

const sending = fc
  .record({
    actorId: user,
    text,
    namedIds: named,
    thread: fc.option(fc.constantFrom(0, 0, 0, 1), { freq: 2 }),
  })
  .map(({ thread, ...values }): Step => (roomId, seqs) => {
    const threadSeq = thread === null ? null : at(seqs, thread);
    return driver.sending(roomId, { ...values, threadSeq });
  });

const targeting = fc
  .record({
    change: fc.constantFrom('edit', 'delete', 'react', 'react', 'unreact', 'pin', 'pin', 'unpin'),
    actorId: user,
    index: nth,
    text,
    namedIds: named,
    emoji,
  })
  .map(
    ({ index, ...values }): Step =>
      (roomId, seqs) =>
        ({ ...values, roomId, seq: at(seqs, index) }) as Change,
  );

const batches = fc.array(
  fc.array(fc.oneof({ weight: 1, arbitrary: sending }, { weight: 5, arbitrary: targeting }), {
    minLength: 1,
    maxLength: 16,
  }),
  { minLength: 4, maxLength: 12 },
);

function resultOf(outcome: Outcome): string {
  if (outcome.outcome !== 'stored') return outcome.outcome === 'refused' ? outcome.code : outcome.message;
  return outcome.events[0]?.type ?? 'nothing';
}

function seen(view: MessageView) {
  return [view.seq, view.text, view.mentions, view.replyCount, view.deletedAt !== null, view.reactions];
}

function expected(model: ModelGroup, message: ModelMessage, reader: string) {
  const reactions = [...message.reactions].map(([one, users]) => ({
    emoji: one,
    count: users.size,
    mine: users.has(reader),
  }));
  const { seq, isDeleted, mentions } = message;
  return [seq, message.text, mentions, model.replyCount(message), isDeleted, reactions];
}

async function compareFor(userId: string, model: ModelGroup, roomId: string): Promise<void> {
  const query = { roomId, userId, limit: 100, maxBytes: 1e6 };
  const page = await messages.history({ ...query, anchor: { at: 'end' }, threadSeq: null });
  const wanted = [...model.messages.values()].map((message) => expected(model, message, userId));
  expect(page?.messages.map(seen)).toEqual(wanted);
  const pinned = await pins.page({ ...query, before: null });
  expect(pinned?.messages.map(({ seq }) => seq)).toEqual(model.pins.toReversed());
  const view = await driver.view(roomId, userId);
  expect(view?.mentions).toBe(model.mentionsOf(userId, view?.readSeq ?? 0));
}

/** Each event that shows a message shows it as it is now. */
async function compareLog(model: ModelGroup, roomId: string): Promise<void> {
  const shown = (await driver.events(roomId)).flatMap(({ message }) => (message as MessageView) ?? []);
  for (const { seq, text: words } of shown) expect(words).toBe(model.messages.get(seq)?.text);
}

it('is what the model says, whatever is done to messages', async () => {
  const property = fc.asyncProperty(batches, async (rounds) => {
    const { roomId } = await driver.stored(driver.creation({ memberIds: ['bob', 'cay'] }));
    const model = new ModelGroup();
    for (const round of rounds) {
      const steps = round.map((step) => {
        const change = step(roomId, [...model.messages.keys()]);
        return { change, wanted: model.apply(change) };
      });
      const outcomes = await driver.append(...steps.map(({ change }) => change));
      expect(outcomes.map(resultOf)).toEqual(steps.map(({ wanted }) => wanted));
    }
    expect((await driver.seqs(roomId)).at(-1)).toBe(model.head);
    for (const userId of MEMBERS) await compareFor(userId, model, roomId);
    await compareLog(model, roomId);
  });
  await fc.assert(property, { numRuns: 100 });
}, 60_000);
