import type { Provider } from '@nestjs/common';
import { MembersService } from './members.service.js';
import { OwnPushes } from './own-pushes.js';
import { RoomAccess } from './room-access.js';
import { SqlRoomAccess } from './room-access.sql.js';
import { RoomListsService } from './lists/room-lists.service.js';
import { RoomGateway } from './room.gateway.js';
import { RoomsService } from './rooms.service.js';

export { type OwnPosition, type OwnPositionMoved, OwnPushes } from './own-pushes.js';
export { RoomAccess } from './room-access.js';
export { RoomPushes, type RoomStatePush } from './room-pushes.js';
export { store as roomsStore } from './rooms.store.js';

/** What chat's module provides for rooms; `RoomAccess` is for other features too. */
export const roomProviders: Provider[] = [
  RoomsService,
  RoomListsService,
  MembersService,
  RoomGateway,
  OwnPushes,
  { provide: RoomAccess, useClass: SqlRoomAccess },
];
