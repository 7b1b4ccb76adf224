import {
  type Cancel,
  type Clock,
  CLOSE,
  type CloseReason,
  type Connection,
} from '../../../realtime/index.js';
import type { Liveness } from '../leases/index.js';
import type { PresenceSettings } from '../presence.settings.js';
import type { Leaving } from './announcer.js';

/** How soon a connection that falls idle, or comes back, is noticed. */
const LOOK_MS = 1000;

/** A connection, or one that has closed and lingers for its grace period. */
interface Sign {
  readonly connection: Connection;
  /** The last frame of a connection that has closed; undefined while it is open. */
  frozenAtMs?: number;
  /** Monotonic time at which it counts no more; undefined while it is open. */
  endsAtMs?: number;
  cancelEnd?: Cancel;
}

interface LocalUser {
  /** Few: a list takes a third of the memory of a map, for each connection. */
  signs: readonly Sign[];
  liveness: Liveness;
  /** Wall time at which the last connection closed. */
  closedAtMs: number;
}

/** Told what a user's connections amount to, at wall time `atMs`; `undefined`: none is left. */
export type LivenessListener = (userId: string, liveness: Liveness | undefined, atMs: number) => void;

/** The connections of this node's users, taken together: each counts until its grace period is over. */
export class LocalPresence {
  private readonly users = new Map<string, LocalUser>();
  private readonly cancelLook: Cancel;

  constructor(
    private readonly clock: Clock,
    private readonly settings: PresenceSettings,
    private readonly onChange: LivenessListener,
  ) {
    this.cancelLook = clock.every(Math.min(LOOK_MS, settings.idleMs / 2), () => this.look());
  }

  open(connection: Connection): void {
    const { userId } = connection.principal;
    const known = this.users.get(userId);
    const user: LocalUser = known ?? { signs: [], liveness: 'active', closedAtMs: 0 };
    user.signs = [...user.signs, { connection }];
    this.users.set(userId, user);
    if (known === undefined) this.onChange(userId, 'active', this.clock.now());
    else this.weigh(userId, user);
  }

  close(connection: Connection, close: CloseReason): void {
    const { userId } = connection.principal;
    const user = this.users.get(userId);
    const sign = user?.signs.find((one) => one.connection === connection);
    if (user === undefined || sign === undefined) return;
    sign.frozenAtMs = connection.lastFrameAtMs;
    user.closedAtMs = this.clock.now();
    const graceMs = this.settings.graceMs + retryAfterMs(close);
    sign.endsAtMs = this.clock.monotonicMs() + graceMs;
    sign.cancelEnd = this.clock.after(graceMs, () => {
      user.signs = user.signs.filter((one) => one !== sign);
      this.weigh(userId, user);
    });
  }

  /** Ends it all, and gives for how long whom still counts. */
  stop(): Map<string, Leaving> {
    this.cancelLook();
    const leaving = new Map<string, Leaving>();
    for (const [userId, { signs, liveness, closedAtMs }] of this.users) {
      for (const { cancelEnd } of signs) cancelEnd?.();
      const nowMs = this.clock.monotonicMs();
      const left = signs.map(({ endsAtMs = nowMs + this.settings.graceMs }) => endsAtMs - nowMs);
      leaving.set(userId, { liveness, forMs: Math.max(...left), seenAtMs: closedAtMs || this.clock.now() });
    }
    return leaving;
  }

  private look(): void {
    for (const [userId, user] of this.users) this.weigh(userId, user);
  }

  private weigh(userId: string, user: LocalUser): void {
    if (user.signs.length === 0) {
      this.users.delete(userId);
      this.onChange(userId, undefined, user.closedAtMs);
      return;
    }
    const liveness = this.livenessOf(user);
    if (liveness === user.liveness) return;
    user.liveness = liveness;
    this.onChange(userId, liveness, this.clock.now());
  }

  private livenessOf({ signs }: LocalUser): Liveness {
    const idleSince = this.clock.monotonicMs() - this.settings.idleMs;
    for (const { connection, frozenAtMs } of signs) {
      if ((frozenAtMs ?? connection.lastFrameAtMs) > idleSince) return 'active';
    }
    return 'idle';
  }
}

/** A client that is told to come back later is not gone before that. */
function retryAfterMs({ code, reason }: CloseReason): number {
  if (code !== CLOSE.restart) return 0;
  return Number(/^retry-after-ms=(\d{1,9})$/.exec(reason)?.[1] ?? 0);
}
