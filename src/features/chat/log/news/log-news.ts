/** A user, and a room that they are or were in. */
export type Standing = readonly [userId: string, roomId: string];

/** A membership as the store has it. */
export interface StandingMember {
  readonly userId: string;
  readonly roomId: string;
  /** The event that the membership began with. */
  readonly joinedSeq: number;
}

/** What was committed in all rooms' logs in a stretch of time. */
export interface News {
  /** Up to here it is news; the next look goes on from it. */
  readonly mark: number;
  /** False: there was too much to tell, or nobody knows since when. Then everything is to be looked at. */
  readonly isWhole: boolean;
  /** The heads of the rooms whose logs have grown; undefined where only a look at each room tells. */
  readonly heads: ReadonlyMap<string, number> | undefined;
  /** The floors of the rooms whose oldest events were dropped, told whole or, beyond what is told one by one, undefined. */
  readonly floors: ReadonlyMap<string, number> | undefined;
  /** Whose membership in which room began or ended, each once. */
  readonly members: readonly Standing[];
}

/**
 * Tells what was committed by any node since an earlier look, so that what the bus has lost is found at a cost that
 * follows the news, not the rooms and users of a node. News may come again with the next look; none is left out, however
 * long a commit took and whatever the nodes' clocks say.
 */
export abstract class LogNews {
  /** `mark` is that of the look before; null: there was none. */
  abstract since(mark: number | null): Promise<News>;

  /** Which of these memberships there are now. */
  abstract standing(members: readonly Standing[]): Promise<readonly StandingMember[]>;

  /** All memberships of these users, at most 500 users. */
  abstract standingOf(userIds: readonly string[]): Promise<readonly StandingMember[]>;
}
