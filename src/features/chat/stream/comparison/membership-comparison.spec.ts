import { describe, expect, it } from '@jest/globals';
import type { Connection } from '../../../../realtime/index.js';
import { LogNews, type News, type Standing, type StandingMember } from '../../log/index.js';
import { AttachedConnection, LocalUser } from '../local-users.js';
import { MembershipComparison } from './membership-comparison.js';

/** Of this room nobody is a member. */
const LEFT = 'left';

/** Says that everyone who is asked about is a member since event 7; `meanwhile` runs while it is asked. */
class SlowNews extends LogNews {
  meanwhile = (): void => undefined;

  since(): Promise<News> {
    throw new Error('not used');
  }

  async standing(members: readonly Standing[]): Promise<readonly StandingMember[]> {
    await Promise.resolve();
    this.meanwhile();
    return members.flatMap(([userId, roomId]) => (roomId === LEFT ? [] : { userId, roomId, joinedSeq: 7 }));
  }

  async standingOf(userIds: readonly string[]): Promise<readonly StandingMember[]> {
    return await this.standing(userIds.map((userId) => [userId, 'room']));
  }
}

function setUp() {
  const ann = new LocalUser('ann');
  const followed: unknown[] = [];
  const news = new SlowNews();
  const ended: string[] = [];
  const users = {
    all: () => [ann],
    user: (userId: string) => (userId === 'ann' ? ann : undefined),
    follow: (user: LocalUser, roomId: string, seq: number) => void followed.push([user.userId, roomId, seq]),
  };
  const comparison = new MembershipComparison(news, users, (userIds) => void ended.push(...userIds));
  const attach = (): AttachedConnection => {
    const attached = new AttachedConnection();
    ann.attached.set({} as Connection, attached);
    return attached;
  };
  const compareEither = [
    async () =>
      comparison.compare([
        ['ann', 'room'],
        ['bob', 'room'],
      ]),
    async () => comparison.compareAll(),
  ];
  return { ann, followed, ended, news, comparison, attach, compareEither };
}

const JOIN = ['ann', 'room', 7];

describe.each([0, 1])('the comparison of memberships (%#: changed ones, all)', (which) => {
  it('follows a user into a room that a connection lacks, and into no other', async () => {
    const { followed, attach, compareEither } = setUp();
    const attached = attach();
    await compareEither[which]?.();
    expect(followed).toEqual([JOIN]);
    attached.rooms.set('room', 6);
    await compareEither[which]?.();
    expect(followed).toEqual([JOIN]);
  });

  it('leaves a connection alone that came while the store was asked', async () => {
    const { followed, news, attach, compareEither } = setUp();
    attach().rooms.set('room', 6);
    news.meanwhile = () => void attach();
    await compareEither[which]?.();
    expect(followed).toEqual([]);
  });

  it('leaves a membership alone that ended while the store was asked', async () => {
    const { ann, followed, news, attach, compareEither } = setUp();
    attach();
    news.meanwhile = () =>
      ann.note({ roomId: 'room', seq: 8, userId: 'ann', role: 'member', removal: 'left' });
    await compareEither[which]?.();
    expect(followed).toEqual([]);
  });

  it('looks again at what met a connection on its way in', async () => {
    const { ann, followed, comparison, attach, compareEither } = setUp();
    const entering = {} as Connection;
    ann.beginAttaching(entering, { changes: [] });
    await compareEither[which]?.();
    expect(followed).toEqual([]);
    ann.endAttaching(entering);
    attach();
    await comparison.compare([]);
    expect(followed).toEqual([JOIN]);
  });
});

it('tells who of those here has left a room, if it cannot be told all of them', async () => {
  const { ended, comparison } = setUp();
  await comparison.compare([
    ['ann', 'room'],
    ['bob', LEFT],
  ]);
  expect(ended).toEqual([]);
  await comparison.compare([
    ['ann', LEFT],
    ['ann', 'room'],
  ]);
  expect(ended).toEqual(['ann']);
  await comparison.compareAll();
  expect(ended).toEqual(['ann', 'ann']);
});
