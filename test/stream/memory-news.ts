import { LogNews, type News, type Standing, type StandingMember } from '../../src/features/chat/log/index.js';
import type { Chance } from './chance.js';
import type { MemoryLog } from './memory-log.js';

/** Commits that a look gives once more, as one under way would make it. */
const REPEATED = 5;

/** News of a log in memory. Like a database it tells of heads at times, and at times that it is too much to tell. */
export class MemoryNews extends LogNews {
  constructor(
    private readonly log: MemoryLog,
    private readonly chance: Chance,
  ) {
    super();
  }

  async since(mark: number | null): Promise<News> {
    const tellsHeads = this.chance.happens(50);
    const isWhole = mark !== null && !this.chance.happens(10);
    return await this.log.read((): News => {
      const commits = this.log.commits.slice(mark ?? 0);
      const heads = new Map(commits.map(({ roomId, seq }) => [roomId, seq]));
      return {
        mark: Math.max(mark ?? 0, this.log.commits.length - this.chance.below(REPEATED)),
        isWhole,
        heads: isWhole && tellsHeads ? heads : undefined,
        floors: mark === null ? undefined : this.log.floorsSince(mark),
        members: isWhole ? commits.flatMap(({ roomId, userIds }) => userIds.map(standingIn(roomId))) : [],
      };
    });
  }

  async standing(members: readonly Standing[]): Promise<readonly StandingMember[]> {
    return await this.log.read(() =>
      members.flatMap(([userId, roomId]) => {
        const joinedSeq = this.log.joinedSeq(roomId, userId);
        return joinedSeq === undefined ? [] : [{ userId, roomId, joinedSeq }];
      }),
    );
  }

  async standingOf(userIds: readonly string[]): Promise<readonly StandingMember[]> {
    const rooms = userIds.flatMap((userId) =>
      this.log.roomsOf(userId).map((roomId) => standingIn(roomId)(userId)),
    );
    return await this.standing(rooms);
  }
}

const standingIn =
  (roomId: string) =>
  (userId: string): Standing => [userId, roomId];
