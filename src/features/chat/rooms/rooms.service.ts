import { Injectable } from '@nestjs/common';
import { invalid, newId, notFound, type UserActor } from '../../../realtime/index.js';
import { Users } from '../../auth/index.js';
import { LogReader, LogWriter, type RoomKind, type RoomView } from '../log/index.js';

export interface RoomCreation {
  readonly kind: RoomKind;
  readonly name?: string;
  readonly topic?: string;
  readonly memberIds?: readonly string[];
  readonly clientId?: string;
}

/** Creates rooms, and lets users in and out. */
@Injectable()
export class RoomsService {
  constructor(
    private readonly log: LogWriter,
    private readonly reader: LogReader,
    private readonly users: Users,
  ) {}

  /** Creates a room. A repeated `clientId` finds the first room, a direct room for the same pair finds the existing one. */
  async create({ userId }: UserActor, creation: RoomCreation): Promise<RoomView> {
    const memberIds = [...new Set(creation.memberIds)].filter((id) => id !== userId);
    if (creation.kind === 'direct' && memberIds.length !== 1) {
      throw invalid('memberIds', 'must name exactly one other user');
    }
    const known = await this.known(memberIds);
    const { committed } = this.log.submit({
      change: 'create',
      roomId: newId(),
      actorId: userId,
      kind: creation.kind,
      name: creation.name ?? null,
      topic: creation.topic ?? null,
      memberIds,
      areMembersKnown: known.length === memberIds.length,
      clientId: creation.clientId ?? null,
    });
    const { roomId } = await committed;
    return await this.view(roomId, userId);
  }

  async join({ userId }: UserActor, roomId: string): Promise<RoomView> {
    await this.log.submit({ change: 'join', roomId, actorId: userId }).committed;
    return await this.view(roomId, userId);
  }

  async leave({ userId }: UserActor, roomId: string): Promise<void> {
    await this.log.submit({ change: 'leave', roomId, actorId: userId }).committed;
  }

  /** Returns whom it added: members, those who blocked the actor, and ids that name nobody are left out. */
  async add({ userId }: UserActor, roomId: string, userIds: readonly string[]): Promise<string[]> {
    const known = await this.known([...new Set(userIds)]);
    const { committed } = this.log.submit({ change: 'add', roomId, actorId: userId, userIds: known });
    const { added = [] } = await committed;
    return [...added];
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
