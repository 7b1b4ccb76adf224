import { Injectable } from '@nestjs/common';
import { notFound, type UserActor } from '../../../realtime/index.js';
import { Users } from '../../auth/index.js';
import { LogReader, LogWriter, type RoomRole, type RoomView } from '../log/index.js';

/** One of a room's members, or one who was. */
export interface RoomUser {
  readonly roomId: string;
  readonly userId: string;
}

/** Does what those who run a room ask for. Who may do what is decided where it is stored. */
@Injectable()
export class AdministrationService {
  constructor(
    private readonly log: LogWriter,
    private readonly reader: LogReader,
    private readonly users: Users,
  ) {}

  /** What is undefined stays as it is. */
  async update(
    { userId: actorId }: UserActor,
    roomId: string,
    { name, topic }: { readonly name?: string; readonly topic?: string },
  ): Promise<RoomView> {
    const values = { ...(name !== undefined && { name }), ...(topic !== undefined && { topic }) };
    await this.log.submit({ change: 'update', roomId, actorId, ...values }).committed;
    return await this.view(roomId, actorId);
  }

  async archive({ userId: actorId }: UserActor, roomId: string): Promise<RoomView> {
    await this.log.submit({ change: 'archive', roomId, actorId }).committed;
    return await this.view(roomId, actorId);
  }

  /** Once it resolves, nothing later of the room reaches the removed user. */
  async remove({ userId: actorId }: UserActor, { roomId, userId }: RoomUser, isBan: boolean): Promise<void> {
    const isUserKnown = (await this.users.byIds([userId])).length > 0;
    await this.log.submit({ change: 'remove', roomId, actorId, userId, isBan, isUserKnown }).committed;
  }

  async unban({ userId: actorId }: UserActor, { roomId, userId }: RoomUser): Promise<void> {
    await this.log.submit({ change: 'unban', roomId, actorId, userId }).committed;
  }

  async giveRole(
    { userId: actorId }: UserActor,
    { roomId, userId }: RoomUser,
    role: RoomRole,
  ): Promise<void> {
    await this.log.submit({ change: 'role', roomId, actorId, userId, role }).committed;
  }

  /** 0 seconds end a silence. */
  async silence(
    { userId: actorId }: UserActor,
    { roomId, userId }: RoomUser,
    seconds: number,
  ): Promise<void> {
    await this.log.submit({ change: 'silence', roomId, actorId, userId, seconds }).committed;
  }

  private async view(roomId: string, userId: string): Promise<RoomView> {
    const view = await this.reader.roomView(roomId, userId);
    if (!view) throw notFound('room');
    return view;
  }
}
