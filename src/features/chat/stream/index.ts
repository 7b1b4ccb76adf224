import type { Provider } from '@nestjs/common';
import { RoomPushes } from '../rooms/index.js';
import { DeliveryService } from './delivery.service.js';
import { MembershipChanges } from './membership-changes.js';
import { RecentEvents } from './recent-events.js';
import { CurrentHeads, DeliveredEvents, OwnPositions, RoomSignals } from './signals/index.js';
import { BusRoomPushes } from './room-pushes.service.js';

export { DeliveryService } from './delivery.service.js';
export type { MembershipChange, RemovalReason } from './membership-change.js';
export { RecentEvents, type RecentStretch } from './recent-events.js';
export { CurrentHeads, DeliveredEvents, OwnPositions, RoomSignals } from './signals/index.js';
export { MembershipChanges, type MembershipListener } from './membership-changes.js';

/** What chat's module provides for live delivery; `RoomPushes` and `MembershipChanges` are for other features too. */
export const streamProviders: Provider[] = [
  CurrentHeads,
  DeliveredEvents,
  OwnPositions,
  RoomSignals,
  DeliveryService,
  {
    provide: MembershipChanges,
    inject: [DeliveryService],
    useFactory: ({ membershipChanges }: DeliveryService) => membershipChanges,
  },
  { provide: RecentEvents, useExisting: DeliveryService },
  { provide: RoomPushes, useClass: BusRoomPushes },
];
