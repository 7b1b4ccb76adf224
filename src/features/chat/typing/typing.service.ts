import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock, forbidden, type UserActor } from '../../../realtime/index.js';
import { RoomAccess } from '../rooms/index.js';
import { MembershipChanges } from '../stream/index.js';
import { TypistPushes } from './typist-pushes.js';
import { Typists } from './typists.js';

/** Tells rooms who is typing in them: the whole list each time it changes. */
@Injectable()
export class TypingService implements OnModuleInit, OnApplicationShutdown {
  private readonly typists: Typists;
  private cancel: Cancel | undefined;

  constructor(
    private readonly access: RoomAccess,
    private readonly pushes: TypistPushes,
    private readonly memberships: MembershipChanges,
    clock: Clock,
  ) {
    this.typists = new Typists(clock, (roomId) => this.announce(roomId));
  }

  onModuleInit(): void {
    this.cancel = this.memberships.observe((changes) => {
      for (const { roomId, userId, removal } of changes) {
        if (removal !== undefined && this.typists.end(roomId, userId)) this.announce(roomId);
      }
    });
  }

  onApplicationShutdown(): void {
    this.cancel?.();
    this.typists.clear();
  }

  /** Takes note that the caller types, or has stopped; for members, and in no archived room. */
  async type(actor: UserActor, roomId: string, isActive: boolean): Promise<void> {
    const { archivedAt } = await this.access.require(actor, roomId);
    if (archivedAt !== null) throw forbidden('the room is archived');
    const { userId } = actor;
    const hasChanged = isActive ? this.typists.begin(roomId, userId) : this.typists.end(roomId, userId);
    if (hasChanged) this.announce(roomId);
  }

  private announce(roomId: string): void {
    this.pushes.announce(roomId, () => this.typists.in(roomId));
  }
}
