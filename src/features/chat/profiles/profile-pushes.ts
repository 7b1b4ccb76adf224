import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock, OutboundFrame } from '../../../realtime/index.js';
import { type User, UserChanges, Users } from '../../auth/index.js';
import { ProfileAudience } from './profile-audience.js';

/** Changes of so long are read and pushed together. */
const GATHER_MS = 50;
const RETRY_MS = 1000;

/** Users of whom it is known what was pushed last. */
const MAX_PUSHED = 10_000;

/**
 * Pushes `user.updated` to those on this node who share a room with a user who has changed. What is pushed was just
 * read: many changes of a moment are one push, and the bus may reorder what it likes.
 */
@Injectable()
export class ProfilePushes implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Profiles');
  private readonly changed = new Set<string>();
  /** `updatedAt` of what was pushed last, by user: a change that is heard of twice is pushed once. */
  private readonly pushed = new Map<string, string>();
  private cancelChanges: Cancel | undefined;
  private cancelRun: Cancel | undefined;
  private isRunning = false;
  private isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly users: Users,
    private readonly changes: UserChanges,
    private readonly audience: ProfileAudience,
  ) {}

  onModuleInit(): void {
    this.cancelChanges = this.changes.observe((userId) => {
      this.changed.add(userId);
      this.gather(GATHER_MS);
    });
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    this.cancelChanges?.();
    this.cancelRun?.();
  }

  private gather(delayMs: number): void {
    if (this.isStopped || this.isRunning || this.cancelRun !== undefined) return;
    this.cancelRun = this.clock.after(delayMs, () => {
      this.cancelRun = undefined;
      void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    let delayMs = GATHER_MS;
    const userIds = [...this.changed];
    this.changed.clear();
    try {
      for (const user of await this.users.byIds(userIds)) await this.push(user);
    } catch (err) {
      // Whoever was told already is told the same again.
      for (const userId of userIds) this.changed.add(userId);
      this.logger.warn({ err }, 'changed users could not be pushed; trying again');
      delayMs = RETRY_MS;
    }
    this.isRunning = false;
    if (this.changed.size > 0) this.gather(delayMs);
  }

  private async push(user: User): Promise<void> {
    if (this.pushed.get(user.id) === user.updatedAt) return;
    const frame = new OutboundFrame('user.updated', { user });
    for (const connection of await this.audience.of(user.id)) {
      connection.pushState(`user.updated ${user.id}`, frame);
    }
    this.note(user);
  }

  private note({ id, updatedAt }: User): void {
    this.pushed.delete(id);
    this.pushed.set(id, updatedAt);
    const [oldest] = this.pushed.keys();
    if (this.pushed.size > MAX_PUSHED && oldest !== undefined) this.pushed.delete(oldest);
  }
}
