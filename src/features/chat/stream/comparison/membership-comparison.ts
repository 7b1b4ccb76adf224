import type { Connection } from '../../../../realtime/index.js';
import type { LogNews, Standing, StandingMember } from '../../log/index.js';
import type { LocalUser } from '../local-users.js';

/** Users whose memberships are read at once. */
const BATCH = 500;

/** What the comparison knows of the users who are connected here. */
export interface ComparedUsers {
  all(): Iterable<LocalUser>;
  user(userId: string): LocalUser | undefined;
  /** Follows the user into the room from this event on, which began their membership. */
  follow(user: LocalUser, roomId: string, joinedSeq: number): void;
}

/** Told of users here whose membership of a room has ended, perhaps before this node knew that it had begun. */
export type OnEnded = (userIds: readonly string[]) => void;

/** A user as they were before the store was asked. */
interface Compared {
  readonly user: LocalUser;
  readonly connections: readonly Connection[];
  /** Another one was on its way in. */
  readonly isEntering: boolean;
}

/**
 * Finds joins that nobody told this node of: of a room that is not followed here no gap is ever seen. Departures need no
 * such look: a connection is in no room but those that are followed, and their logs tell. Only who asked the store between
 * a join that was missed and its end must ask again; `onEnded` is told who that may be.
 */
export class MembershipComparison {
  /** Changes that met a connection on its way in, which may have read its rooms before. */
  private carried: readonly Standing[] = [];

  constructor(
    private readonly news: LogNews,
    private readonly users: ComparedUsers,
    private readonly onEnded: OnEnded,
  ) {}

  /** Whether no user is connected here. */
  get isOfNobody(): boolean {
    for (const _ of this.users.all()) return false;
    return true;
  }

  /** Compares those memberships of users here that have changed. */
  async compare(changed: readonly Standing[]): Promise<void> {
    const local = [...this.carried, ...changed].filter(([userId]) => this.users.user(userId) !== undefined);
    if (local.length === 0) {
      this.carried = [];
      return;
    }
    const compared = this.before(local.map(([userId]) => userId));
    const entering = local.filter(([userId]) => compared.get(userId)?.isEntering === true);
    const standing = await this.news.standing(local);
    this.followMissed(compared, standing);
    this.onEnded(endedOf(local, standing));
    this.carried = entering;
  }

  /** Compares all memberships of all users here. */
  async compareAll(): Promise<void> {
    const userIds = [...this.users.all()].map(({ userId }) => userId);
    const entering: Standing[] = [];
    for (let start = 0; start < userIds.length; start += BATCH) {
      const some = userIds.slice(start, start + BATCH);
      const compared = this.before(some);
      const standing = await this.news.standingOf(some);
      this.followMissed(compared, standing);
      // Of whom nobody can say what they have left.
      this.onEnded(some);
      for (const { userId, roomId } of standing) {
        if (compared.get(userId)?.isEntering === true) entering.push([userId, roomId]);
      }
    }
    this.carried = entering;
  }

  /** Connections that come while the store is asked stand on a newer read of their own. */
  private before(userIds: readonly string[]): ReadonlyMap<string, Compared> {
    const compared = new Map<string, Compared>();
    for (const userId of userIds) {
      const user = this.users.user(userId);
      if (user === undefined) continue;
      const connections = [...user.attached.keys()];
      compared.set(userId, { user, connections, isEntering: user.attaching.size > 0 });
    }
    return compared;
  }

  private followMissed(compared: ReadonlyMap<string, Compared>, members: readonly StandingMember[]): void {
    for (const { userId, roomId, joinedSeq } of members) {
      const { user, connections = [] } = compared.get(userId) ?? {};
      if (user === undefined || user.lacking(roomId, connections).length === 0) continue;
      // The store was asked before they left again, as is known here meanwhile.
      if (user.departureAfter(roomId, joinedSeq) !== undefined) continue;
      this.users.follow(user, roomId, joinedSeq);
    }
  }
}

/** Whose memberships, of those that have changed, there are no more. */
function endedOf(changed: readonly Standing[], standing: readonly StandingMember[]): string[] {
  const kept = new Set(standing.map(({ userId, roomId }) => `${userId} ${roomId}`));
  const ended = changed.filter(([userId, roomId]) => !kept.has(`${userId} ${roomId}`));
  return [...new Set(ended.map(([userId]) => userId))];
}
