import {
  LogNews,
  type News,
  type Standing,
  type StandingMember,
} from '../../../src/features/chat/log/index.js';
import { membersIn } from '../../../src/features/chat/records/room-event.js';
import type { Chance } from '../../stream/chance.js';
import type { StoreLink } from './store.js';
import type { Tables } from './tables.js';

/** Events that a look gives once more, as commits under way would make it. */
const REPEATED = 5;

/** What was committed, as one node asks for it: at times with heads, and at times with the word that it is too much to tell. */
export class SimulatedNews extends LogNews {
  constructor(
    private readonly link: StoreLink,
    private readonly tables: Tables,
    private readonly chance: Chance,
  ) {
    super();
  }

  async since(mark: number | null): Promise<News> {
    const tellsHeads = this.chance.happens(50);
    const isWhole = mark !== null && !this.chance.happens(10);
    return await this.link.read((): News => {
      const events = this.tables.commits.slice(mark ?? 0);
      const members = events.flatMap((event) =>
        membersIn(event).map((userId): Standing => [userId, event.roomId]),
      );
      return {
        mark: Math.max(mark ?? 0, this.tables.commits.length - this.chance.below(REPEATED)),
        isWhole,
        heads: isWhole && tellsHeads ? new Map(events.map(({ roomId, seq }) => [roomId, seq])) : undefined,
        // Nothing is dropped there.
        floors: new Map(),
        members: isWhole ? members : [],
      };
    });
  }

  async standing(members: readonly Standing[]): Promise<readonly StandingMember[]> {
    return await this.link.read(() =>
      members.flatMap(([userId, roomId]) => {
        const member = this.tables.member(roomId, userId);
        return member === undefined ? [] : [{ userId, roomId, joinedSeq: member.joined_seq }];
      }),
    );
  }

  async standingOf(userIds: readonly string[]): Promise<readonly StandingMember[]> {
    const rooms = (userId: string) => this.tables.roomsOf(userId).map((roomId): Standing => [userId, roomId]);
    return await this.link.read(() => userIds.flatMap(rooms)).then(async (members) => this.standing(members));
  }
}
