import { eventView, type RoomEvent, type RoomEventsTable, type RoomsTable } from '../../../records/index.js';

/** A longer list would make a frame that small clients cannot take: this one has some 10 KiB. */
const MOST_NAMED = 256;

type MembersChanged = RoomEvent & { readonly joined: string[]; readonly left: string[]; memberCount: number };

/** A `members.changed` event that can take in more joins and leaves until its batch is written. */
export class Gathering {
  /** The event as it is so far. */
  readonly view: MembersChanged;
  readonly #named = new Set<string>();

  constructor(readonly row: RoomEventsTable) {
    this.view = { ...eventView(row), joined: [], left: [], memberCount: 0 };
  }

  /**
   * Whether it can tell of the user too. It stands for the own `member.joined` or `member.left` of everyone in it, so it
   * names nobody twice: who comes and goes needs two events.
   */
  takes(userId: string): boolean {
    return this.#named.size < MOST_NAMED && !this.#named.has(userId);
  }

  /** Takes in a user who has come or gone; the room has `memberCount` members now. */
  tell(list: 'joined' | 'left', userId: string, memberCount: number): void {
    this.#named.add(userId);
    this.view[list].push(userId);
    this.view.memberCount = memberCount;
  }

  /** Gives the row what it is to be stored with. */
  close(): void {
    const { joined, left, memberCount } = this.view;
    this.row.body = JSON.stringify({ joined, left, memberCount });
  }
}

/** The gatherings that a batch of changes has begun: at most one a room can go on, that at the end of its log. */
export class Gatherings {
  #begun: Gathering[] = [];
  readonly #last = new Map<string, Gathering>();

  /** The one at the end of the room's log, if it takes the user. */
  find(room: RoomsTable, userId: string): Gathering | undefined {
    const last = this.#last.get(room.id);
    return last?.row.seq === room.head && last.takes(userId) ? last : undefined;
  }

  begin(row: RoomEventsTable): Gathering {
    const gathering = new Gathering(row);
    this.#begun.push(gathering);
    this.#last.set(row.room_id, gathering);
    return gathering;
  }

  /** Ends all: what is written does not change any more. */
  close(): void {
    for (const gathering of this.#begun) gathering.close();
    this.#begun = [];
    this.#last.clear();
  }
}
