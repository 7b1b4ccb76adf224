import { Inject, Injectable } from '@nestjs/common';
import { Clock, invalid, newId, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { type User, Users } from '../../auth/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { decodeCursor, encodeCursor } from '../frames/index.js';
import {
  LogReader,
  LogWriter,
  ReadPositions,
  type RoomFacts,
  type RoomKind,
  type RoomRole,
  type RoomView,
} from '../log/index.js';
import { fitting, iso } from '../records/index.js';
import { type MemberPlace, type MemberRow, type RoomListPlace, store as roomsStore } from './rooms.store.js';

const DEFAULT_PAGE = 50;

export interface RoomCreation {
  readonly kind: RoomKind;
  readonly name?: string;
  readonly topic?: string;
  readonly memberIds?: readonly string[];
  readonly clientId?: string;
}

/** Which part of a list is asked for. */
export interface Page {
  readonly cursor?: string;
  readonly limit?: number;
}

export interface MemberView {
  readonly user: User;
  readonly role: RoomRole;
  readonly joinedAt: string;
}

/** Creates rooms, lets users in and out, and shows them their rooms. */
@Injectable()
export class RoomsService {
  constructor(
    @InjectStore(roomsStore) private readonly store: Store<typeof roomsStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly log: LogWriter,
    private readonly reader: LogReader,
    private readonly positions: ReadPositions,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** Creates a room. A repeated `clientId` finds the first room, a direct room for the same pair finds the existing one. */
  async create({ userId }: UserActor, creation: RoomCreation): Promise<RoomView> {
    const memberIds = [...new Set(creation.memberIds)].filter((id) => id !== userId);
    if (creation.kind === 'direct' && memberIds.length !== 1) {
      throw invalid('memberIds', 'must name exactly one other user');
    }
    const { committed } = this.log.submit({
      change: 'create',
      roomId: newId(this.clock.now()),
      actorId: userId,
      kind: creation.kind,
      name: creation.name ?? null,
      topic: creation.topic ?? null,
      memberIds,
      areMembersKnown: (await this.known(memberIds)).length === memberIds.length,
      clientId: creation.clientId ?? null,
    });
    const { roomId } = await committed;
    return await this.view(roomId, userId);
  }

  /** The room as the caller may see it. */
  async get({ userId }: UserActor, roomId: string): Promise<RoomView | RoomFacts> {
    const room = await this.store.visible({ roomId, userId, ahead: this.positions.of(userId) });
    if (room === null) throw notFound('room');
    return room;
  }

  /** The caller's rooms, last active first. */
  async list({ userId }: UserActor, { cursor, limit = DEFAULT_PAGE }: Page) {
    const { rooms, next } = await this.store.list({
      userId,
      ahead: this.positions.of(userId),
      place: cursor === undefined ? null : roomListPlace(cursor),
      limit,
      maxBytes: this.settings.maxAnswerBytes,
    });
    return { rooms, nextCursor: next && encodeCursor([next.asOf, next.activeAt, next.roomId]) };
  }

  async join({ userId }: UserActor, roomId: string): Promise<RoomView> {
    await this.log.submit({ change: 'join', roomId, actorId: userId }).committed;
    return await this.view(roomId, userId);
  }

  async leave({ userId }: UserActor, roomId: string): Promise<void> {
    await this.log.submit({ change: 'leave', roomId, actorId: userId }).committed;
  }

  /** Returns whom it added: those who are members already, and ids that name nobody, are left out. */
  async add({ userId }: UserActor, roomId: string, userIds: readonly string[]): Promise<string[]> {
    const known = await this.known([...new Set(userIds)]);
    const { committed } = this.log.submit({ change: 'add', roomId, actorId: userId, userIds: known });
    const { events } = await committed;
    return events.map((event) => String(event['userId']));
  }

  /** The room's members, the longest-standing first; for members only. */
  async members({ userId }: UserActor, roomId: string, { cursor, limit = DEFAULT_PAGE }: Page) {
    const place = cursor === undefined ? null : memberPlace(cursor);
    const rows = await this.store.members({ roomId, userId, place, limit });
    if (rows === null) throw notFound('room');
    const members = fitting(await this.memberViews(rows.slice(0, limit)), this.settings.maxAnswerBytes);
    const last = rows[members.length - 1];
    const isWhole = members.length === rows.length || !last;
    return { members, nextCursor: isWhole ? null : encodeCursor([last.joined_seq, last.user_id]) };
  }

  private async memberViews(rows: readonly MemberRow[]): Promise<MemberView[]> {
    const users = await this.users.byIds(rows.map(({ user_id }) => user_id));
    const byId = new Map(users.map((user) => [user.id, user]));
    return rows.map(({ user_id, role, joined_at }) => {
      const user = byId.get(user_id);
      if (!user) throw new Error('a member is no known user');
      return { user, role, joinedAt: iso(joined_at) };
    });
  }

  private async known(userIds: readonly string[]): Promise<string[]> {
    if (userIds.length === 0) return [];
    const users = await this.users.byIds(userIds);
    return users.filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id);
  }

  private async view(roomId: string, userId: string): Promise<RoomView> {
    const view = await this.reader.roomView(roomId, userId);
    if (!view) throw notFound('room');
    return view;
  }
}

function roomListPlace(cursor: string): RoomListPlace {
  const [asOf, activeAt, roomId] = decodeCursor<[number, number, string]>(cursor, [
    'number',
    'number',
    'string',
  ]);
  return { asOf, activeAt, roomId };
}

function memberPlace(cursor: string): MemberPlace {
  const [joinedSeq, userId] = decodeCursor<[number, string]>(cursor, ['number', 'string']);
  return { joinedSeq, userId };
}
