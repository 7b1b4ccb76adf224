import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock, forbidden, type UserActor } from '../../../realtime/index.js';
import { RoomAccess } from '../rooms/index.js';
import { MembershipChanges, RoomSignals } from '../stream/index.js';
import { TypistPushes } from './typist-pushes.js';
import { type Typist, Typists } from './typists.js';

/** What nodes tell each other of it. */
const SIGNAL = 'typing';

interface TypistChanged extends Typist {
  readonly isActive: boolean;
}

/**
 * Tells rooms who is typing in them: the whole list each time it changes. Every node keeps the list of the rooms that it follows,
 * from what users tell it and what the others pass on, and pushes it to its own connections.
 */
@Injectable()
export class TypingService implements OnModuleInit, OnApplicationShutdown {
  private readonly typists: Typists;
  private cancels: readonly Cancel[] = [];

  // eslint-disable-next-line max-params -- Nest gives a provider its dependencies one by one
  constructor(
    private readonly access: RoomAccess,
    private readonly pushes: TypistPushes,
    private readonly memberships: MembershipChanges,
    private readonly signals: RoomSignals,
    private readonly clock: Clock,
  ) {
    this.typists = new Typists(clock, (roomId) => this.announce(roomId));
  }

  onModuleInit(): void {
    this.cancels = [
      this.memberships.observe((changes) => {
        for (const { roomId, userId, removal } of changes) {
          if (removal !== undefined && this.typists.end(roomId, userId)) this.announce(roomId);
        }
      }),
      this.signals.observe<TypistChanged>(SIGNAL, (roomId, changed) => this.note(roomId, changed)),
    ];
  }

  onApplicationShutdown(): void {
    for (const cancel of this.cancels) cancel();
    this.typists.clear();
  }

  /** Takes note that the caller types, or has stopped; for members, and in no archived room. */
  async type(actor: UserActor, roomId: string, isActive: boolean): Promise<void> {
    const { archivedAt } = await this.access.require(actor, roomId);
    if (archivedAt !== null) throw forbidden('the room is archived');
    const { userId } = actor;
    const sinceMs = this.typists.since(roomId, userId) ?? this.clock.now();
    this.note(roomId, { userId, sinceMs, isActive });
    this.signals.send(roomId, SIGNAL, { userId, sinceMs, isActive } satisfies TypistChanged);
  }

  private note(roomId: string, { isActive, ...typist }: TypistChanged): void {
    const hasChanged = isActive
      ? this.typists.begin(roomId, typist)
      : this.typists.end(roomId, typist.userId);
    if (hasChanged) this.announce(roomId);
  }

  private announce(roomId: string): void {
    this.pushes.announce(roomId, () => this.typists.in(roomId));
  }
}
