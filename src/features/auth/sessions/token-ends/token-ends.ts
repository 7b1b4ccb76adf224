import { Injectable } from '@nestjs/common';
import { type Cancel, Clock, type Connection } from '../../../../realtime/index.js';
import { EXPIRED } from '../session-closings.js';
import { tokenEnd } from './token-end.js';

/** How long before its end a token is announced to expire. */
const WARNING_MS = 60_000;
/** How late a warning or a close may come. */
const TICK_MS = 250;

interface Due {
  readonly connection: Connection;
  /** On the monotonic clock: a jump of the wall clock closes nobody early and keeps nobody for longer. */
  readonly endsAtMs: number;
  /** How long after that it still counts. */
  readonly leewayMs: number;
  tick: number;
  isWarned: boolean;
}

/**
 * Warns connections of the end of their token and closes them at it. One timer turns a wheel for all of them, as long as there
 * is one: a connection costs one entry, and a turn only touches what is due.
 */
@Injectable()
export class TokenEnds {
  readonly #dues = new Map<Connection, Due>();
  readonly #wheel = new Map<number, Set<Due>>();
  #turned = 0;
  #stop: Cancel | undefined;

  constructor(private readonly clock: Clock) {}

  /** Watches the end of the connection's credential, in place of one that was watched before. */
  watch(connection: Connection): void {
    this.forget(connection);
    const { expiresAtMs, leewayMs = 0 } = connection.principal;
    if (expiresAtMs === null) return;
    const endsAtMs = this.clock.monotonicMs() + expiresAtMs - this.clock.now();
    const due: Due = { connection, endsAtMs, leewayMs, tick: 0, isWarned: false };
    this.#dues.set(connection, due);
    this.#start();
    this.#advance(due);
  }

  forget(connection: Connection): void {
    const due = this.#dues.get(connection);
    if (!due) return;
    this.#drop(connection);
    const slot = this.#wheel.get(due.tick);
    slot?.delete(due);
    if (slot?.size === 0) this.#wheel.delete(due.tick);
  }

  #drop(connection: Connection): void {
    this.#dues.delete(connection);
    if (this.#dues.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #start(): void {
    if (this.#stop) return;
    this.#turned = this.#tickOf(this.clock.monotonicMs());
    this.#stop = this.clock.every(TICK_MS, () => this.#turn());
  }

  #turn(): void {
    const last = this.#tickOf(this.clock.monotonicMs());
    while (this.#turned < last) {
      this.#turned += 1;
      const slot = this.#wheel.get(this.#turned);
      this.#wheel.delete(this.#turned);
      for (const due of slot ?? []) {
        // A close may have made its owner forget another one of this very slot.
        if (this.#dues.get(due.connection) === due) this.#advance(due);
      }
    }
  }

  /** Does what is due by now, and enters what comes next. */
  #advance(due: Due): void {
    const leftMs = due.endsAtMs - this.clock.monotonicMs();
    const { connection } = due;
    if (leftMs + due.leewayMs <= 0) {
      this.#drop(connection);
      connection.close(EXPIRED);
      return;
    }
    if (leftMs <= WARNING_MS && !due.isWarned) {
      due.isWarned = true;
      connection.push('auth.expiring', { tokenExpiresAt: tokenEnd(connection.principal.expiresAtMs) });
    }
    this.#enter(due, due.isWarned ? due.endsAtMs + due.leewayMs : due.endsAtMs - WARNING_MS);
  }

  #enter(due: Due, atMs: number): void {
    due.tick = Math.max(this.#tickOf(atMs) + 1, this.#turned + 1);
    const slot = this.#wheel.get(due.tick) ?? new Set();
    this.#wheel.set(due.tick, slot.add(due));
  }

  #tickOf(monotonicMs: number): number {
    return Math.floor(monotonicMs / TICK_MS);
  }
}
