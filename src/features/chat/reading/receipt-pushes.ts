import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock } from '../../../realtime/index.js';
import { LargeRooms } from '../large-rooms/index.js';
import { CurrentHeads, DeliveryService, RoomSignals } from '../stream/index.js';
import { type Read, ReadGathering } from './read-gathering.js';

/** What nodes tell each other of it. */
const SIGNAL = 'reads';

/** Pushes of one room that a slow connection keeps until it drains: each tells of other users, so none replaces another. */
const KEPT = 32;

interface ReadsTold {
  readonly reads: readonly Read[];
}

/**
 * Tells rooms how far their members have read: the first at once, what follows within a second together, and large
 * rooms nothing. Every node pushes to its own connections what its users and the other nodes tell it, so that a room hears of
 * reads once a second, however many nodes there are; what another node gathers may so be told a second later.
 */
@Injectable()
export class ReceiptPushes implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ReceiptPushes.name);
  /** On their way to this node's connections. */
  private readonly here: ReadGathering;
  /** On their way to the other nodes. */
  private readonly elsewhere: ReadGathering;
  private cancel: Cancel | undefined;

  // eslint-disable-next-line max-params -- Nest gives a provider its dependencies one by one
  constructor(
    private readonly delivery: DeliveryService,
    private readonly heads: CurrentHeads,
    private readonly signals: RoomSignals,
    private readonly largeRooms: LargeRooms,
    clock: Clock,
  ) {
    this.here = new ReadGathering(clock, (roomId, reads, times) => this.push(roomId, reads, times));
    this.elsewhere = new ReadGathering(clock, (roomId, reads) =>
      this.signals.send(roomId, SIGNAL, { reads } satisfies ReadsTold),
    );
  }

  onModuleInit(): void {
    this.cancel = this.signals.observe<ReadsTold>(SIGNAL, (roomId, { reads }) =>
      this.here.add(roomId, reads),
    );
  }

  onApplicationShutdown(): void {
    this.cancel?.();
    this.here.stop();
    this.elsewhere.stop();
  }

  /** Takes a read into the room's next push; a room of so many members may be too large to be told. */
  add(roomId: string, memberCount: number, read: Read): void {
    if (this.largeRooms.has(memberCount)) return this.largeRooms.spare('receipts');
    this.here.add(roomId, [read]);
    if (this.signals.isOfUse) this.elsewhere.add(roomId, [read]);
  }

  private push(roomId: string, reads: readonly Read[], times: number): void {
    if (!this.delivery.hasAudience(roomId)) return;
    const key = `room.receipt ${times % KEPT}`;
    const data = { roomId, reads };
    this.heads.of(roomId).then(
      (head) => {
        if (head === undefined) return;
        this.delivery.pushHere(roomId, { event: 'room.receipt', key, data, head });
      },
      (err: unknown) => this.logger.warn({ roomId, err }, 'receipts could not be pushed'),
    );
  }
}
