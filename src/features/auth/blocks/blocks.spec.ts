import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TopicBus, type UserActor } from '../../../realtime/index.js';
import { ManualClock } from '../../../testing/index.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { openTestAuth, type TestAuth } from '../testing.js';
import { type BlockPair, Blocks } from './blocks.js';
import { BlocksService } from './blocks.service.js';

const PEOPLE = [0, 1, 2, 3];
const person = fc.constantFrom(...PEOPLE);
const step = fc.record({ isBlock: fc.boolean(), one: person, other: person });

describe('blocks', () => {
  let auth: TestAuth;
  let service: BlocksService;
  let blocks: Blocks;
  let ids: string[];
  let actors: UserActor[];
  let worlds = 0;

  beforeAll(async () => {
    auth = await openTestAuth({ clock: new ManualClock() });
    [service, blocks] = [auth.get(BlocksService), auth.get(Blocks)];
  });
  afterAll(async () => auth.close());
  beforeEach(settle);

  /** People who have blocked nobody yet. */
  async function settle(): Promise<void> {
    worlds += 1;
    const accounts = PEOPLE.map((index) => ({ username: `p${worlds}-${index}`, password: 'correct horse' }));
    const grants = await Promise.all(accounts.map(async (it) => auth.get(AccountsService).register(it, '')));
    ids = grants.map(({ user }) => user.id);
    actors = ids.map((userId) => ({ kind: 'user', userId, sessionId: 'any' }));
  }

  const pairOf = (one: number, other: number): BlockPair => ({
    blockerId: String(ids[one]),
    blockedId: String(ids[other]),
  });
  const everyPair = (): BlockPair[] => PEOPLE.flatMap((one) => PEOPLE.map((other) => pairOf(one, other)));
  const keysOf = (pairs: readonly BlockPair[]): Set<string> =>
    new Set(pairs.map(({ blockerId, blockedId }) => `${blockerId} ${blockedId}`));

  async function act(isBlock: boolean, one: number, other: number): Promise<void> {
    const actor = actors[one];
    if (!actor) throw new Error('nobody acts');
    await service[isBlock ? 'block' : 'unblock'](actor, String(ids[other]));
  }

  it('are those that were made and not ended, in one direction each', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      await settle();
      const expected = new Map<string, BlockPair>();
      for (const { isBlock, one, other } of steps.filter((it) => it.one !== it.other)) {
        await act(isBlock, one, other);
        if (isBlock) expected.set(`${one} ${other}`, pairOf(one, other));
        else expected.delete(`${one} ${other}`);
      }
      expect(keysOf(await blocks.among(everyPair()))).toEqual(keysOf([...expected.values()]));
      for (const [one, actor] of actors.entries()) {
        const blocked = [...expected.values()].filter(({ blockerId }) => blockerId === ids[one]);
        const { users } = await service.list(actor);
        expect(users.map(({ id }) => id)).toEqual(blocked.map(({ blockedId }) => blockedId).toSorted());
      }
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it('are told of before the request is answered, and by other nodes', async () => {
    const told: BlockPair[] = [];
    const cancel = blocks.observe((pair) => told.push(pair));
    const request = act(true, 0, 1);
    expect(told).toEqual([]);
    await request;
    expect(keysOf(told)).toEqual(keysOf([pairOf(0, 1)]));
    await act(false, 0, 1);
    expect(told.slice(-1)).toEqual([pairOf(0, 1)]);
    auth.get(TopicBus).publish('auth:blocks', pairOf(2, 3));
    expect(told.slice(-1)).toEqual([pairOf(2, 3)]);
    cancel();
    auth.get(TopicBus).publish('auth:blocks', pairOf(3, 2));
    expect(told.slice(-1)).toEqual([pairOf(2, 3)]);
  });

  it('among no pairs, and among pairs of nobody, are none', async () => {
    expect(await blocks.among([])).toEqual([]);
    expect(await blocks.among([{ blockerId: 'nobody', blockedId: String(ids[0]) }])).toEqual([]);
  });

  it('are found among many pairs', async () => {
    await act(true, 0, 1);
    const nobodies = Array.from({ length: 2500 }, (_, index) => ({ blockerId: `x${index}`, blockedId: 'y' }));
    expect(await blocks.among([...nobodies, pairOf(0, 1), pairOf(1, 0)])).toEqual([pairOf(0, 1)]);
  });
});
