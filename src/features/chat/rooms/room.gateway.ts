import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Caller, RealtimeGateway } from '../../../realtime/index.js';
import type { UserActor } from '../../../realtime/index.js';
import { AddFrame, CreateFrame, ListFrame, MembersFrame, RoomFrame } from './frames.js';
import { MembersService } from './members.service.js';
import { RoomListsService } from './lists/room-lists.service.js';
import { RoomsService } from './rooms.service.js';

@RealtimeGateway('room')
export class RoomGateway {
  constructor(
    private readonly rooms: RoomsService,
    private readonly lists: RoomListsService,
    private readonly members: MembersService,
  ) {}

  @SubscribeMessage('room.create')
  async create(@Caller() actor: UserActor, @MessageBody() creation: CreateFrame) {
    return { room: await this.rooms.create(actor, creation) };
  }

  @SubscribeMessage('room.get')
  async get(@Caller() actor: UserActor, @MessageBody() { roomId }: RoomFrame) {
    return { room: await this.lists.get(actor, roomId) };
  }

  @SubscribeMessage('room.list')
  async list(@Caller() actor: UserActor, @MessageBody() page: ListFrame) {
    return await this.lists.list(actor, page);
  }

  @SubscribeMessage('room.join')
  async join(@Caller() actor: UserActor, @MessageBody() { roomId }: RoomFrame) {
    return { room: await this.rooms.join(actor, roomId) };
  }

  @SubscribeMessage('room.leave')
  async leave(@Caller() actor: UserActor, @MessageBody() { roomId }: RoomFrame) {
    await this.rooms.leave(actor, roomId);
    return {};
  }

  @SubscribeMessage('room.add')
  async add(@Caller() actor: UserActor, @MessageBody() { roomId, userIds }: AddFrame) {
    return { added: await this.rooms.add(actor, roomId, userIds) };
  }

  @SubscribeMessage('room.members')
  async listMembers(@Caller() actor: UserActor, @MessageBody() { roomId, ...page }: MembersFrame) {
    return await this.members.list(actor, roomId, page);
  }
}
