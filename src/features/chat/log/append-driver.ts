import { type Database, plainQuery, type Store } from '../../../storage/index.js';
import { AUTH_MIGRATIONS } from '../../auth/store.js';
import { chatMigrations, type RoomEvent, type RoomView } from '../records/index.js';
import { ANY_SIZE, type RoomSizes } from '../room-sizes.js';
import {
  appendStore,
  type Change,
  type CreateRoom,
  type Outcome,
  type SendMessage,
  type Stored,
} from './append/index.js';
import { store as logStore } from './log.store.js';

/** What an append's database must have: its rules ask for blocks too. */
export const LOG_MIGRATIONS = [...AUTH_MIGRATIONS, ...chatMigrations];

/** The wall time of every append that is driven, unless a test says otherwise: 2030-01-01. */
export const DRIVEN_AT_MS = Date.UTC(2030, 0, 1);

interface BlockTables {
  readonly user_blocks: {
    readonly blocker_id: string;
    readonly blocked_id: string;
    readonly created_at: number;
  };
}

/** Appends to the logs of a test's database and reads them back. Every room begins with ann and bob. */
export class AppendDriver {
  readonly appends: Store<typeof appendStore>;
  readonly logs: Store<typeof logStore>;
  private lastRoom = 0;
  private lastMessage = 0;

  constructor(
    readonly database: Database,
    private readonly sizes: RoomSizes = ANY_SIZE,
  ) {
    this.appends = database.open(appendStore);
    this.logs = database.open(logStore);
  }

  /** Appends a batch. */
  async append(...changes: Change[]): Promise<Outcome[]> {
    return await this.appends.append({ nowMs: DRIVEN_AT_MS, changes, sizes: this.sizes });
  }

  async one(change: Change): Promise<Outcome> {
    const [outcome] = await this.append(change);
    if (!outcome) throw new Error('a change had no outcome');
    return outcome;
  }

  async stored(change: Change): Promise<Stored> {
    const outcome = await this.one(change);
    if (outcome.outcome !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`);
    return outcome;
  }

  async events(roomId: string): Promise<RoomEvent[]> {
    return await this.logs.events({ roomId, after: 0, until: 1e9, limit: 1000, maxBytes: 1e6 });
  }

  async seqs(roomId: string): Promise<number[]> {
    return (await this.events(roomId)).map(({ seq }) => seq);
  }

  async view(roomId: string, userId: string): Promise<RoomView | undefined> {
    const [room] = await this.logs.roomViews({ userId, roomIds: [roomId], ahead: {} });
    return room;
  }

  creation(values: Partial<CreateRoom> = {}): CreateRoom {
    this.lastRoom += 1;
    return {
      change: 'create',
      roomId: `room-${this.lastRoom}`,
      actorId: 'ann',
      kind: 'group',
      name: null,
      topic: null,
      memberIds: ['bob'],
      areMembersKnown: true,
      clientId: null,
      ...values,
    };
  }

  /** A group of ann, its owner, and bob: its head is 2. */
  async group(): Promise<string> {
    return (await this.stored(this.creation())).roomId;
  }

  /** One user blocks another, or no longer. */
  async block(blockerId: string, blockedId: string, isBlocked = true): Promise<void> {
    const db = this.database.builder<BlockTables>();
    const pair = { blocker_id: blockerId, blocked_id: blockedId };
    const statement = isBlocked
      ? db.insertInto('user_blocks').values({ ...pair, created_at: 0 })
      : db.deleteFrom('user_blocks').where('blocker_id', '=', blockerId).where('blocked_id', '=', blockedId);
    await this.stored({
      change: 'module',
      roomId: await this.group(),
      actorId: null,
      type: 'test.blocked',
      body: '{}',
      require: 'member',
      assert: [],
      project: [plainQuery(statement)],
    });
  }

  /** A channel of ann alone: its head is 1. */
  async channel(): Promise<string> {
    return (await this.stored(this.creation({ kind: 'channel', memberIds: [] }))).roomId;
  }

  /** A message of ann's. */
  sending(roomId: string, values: Partial<SendMessage> = {}): SendMessage {
    this.lastMessage += 1;
    return {
      change: 'send',
      roomId,
      actorId: 'ann',
      id: `message-${this.lastMessage}`,
      clientId: `client-${this.lastMessage}`,
      requestHash: 'hash',
      text: 'hello',
      replyTo: null,
      threadSeq: null,
      meta: null,
      namedIds: [],
      attachmentIds: [],
      ...values,
    };
  }
}
