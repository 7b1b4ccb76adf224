import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type Cancel, TopicBus } from '../../../realtime/index.js';
import { Happenings } from '../sessions/happenings.js';

/** Told that this user is not any more what `Users` gave before. It must not throw. */
export type UserListener = (userId: string) => void;

interface UserChanged {
  readonly userId: string;
}

const CHANNEL = 'auth:users';

/**
 * Tells every node whose `user` has changed. It says no more than whose: the bus may reorder, so whoever shows users
 * reads the newest state from `Users`.
 */
@Injectable()
export class UserChanges implements OnModuleInit, OnModuleDestroy {
  private readonly listeners = new Set<UserListener>();
  private stop: Cancel | undefined;

  constructor(
    private readonly bus: TopicBus,
    private readonly happenings: Happenings,
  ) {}

  async onModuleInit(): Promise<void> {
    this.stop = await this.bus.subscribe(CHANNEL, (message) => {
      this.hear((message as UserChanged).userId);
    });
  }

  onModuleDestroy(): void {
    this.stop?.();
  }

  /** Listens until cancelled. */
  observe(listener: UserListener): Cancel {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells this node. It may be told of a change more than once. */
  hear(userId: string): void {
    this.happenings.note(userId);
    for (const listener of this.listeners) listener(userId);
  }

  announce(userId: string): void {
    this.bus.publish(CHANNEL, { userId } satisfies UserChanged);
  }
}
