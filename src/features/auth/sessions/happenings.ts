import { Injectable } from '@nestjs/common';
import { Clock } from '../../../realtime/index.js';

/** For so long it is known whom something has happened to; at most twice as long. */
const REMEMBERED_MS = 30_000;

/** A moment before something was read. */
export interface Moment {
  readonly count: number;
  readonly atMs: number;
}

/**
 * Knows to whom of the users something has happened lately that their sessions are judged by, or that `ready` shows of
 * them: a session of theirs has ended, they were suspended, their profile has changed. It is told on every node, after the commit.
 */
@Injectable()
export class Happenings {
  #count = 0;
  #recent = new Map<string, number>();
  #older = new Map<string, number>();
  #turnedAtMs: number;

  constructor(private readonly clock: Clock) {
    this.#turnedAtMs = clock.monotonicMs();
  }

  note(userId: string): void {
    this.#turn();
    this.#count += 1;
    this.#recent.set(userId, this.#count);
  }

  /** To be taken before the read whose answer is to be judged. */
  now(): Moment {
    return { count: this.#count, atMs: this.clock.monotonicMs() };
  }

  /** Whether what was read after that moment may be outdated by now. */
  hasSince(userId: string, { count, atMs }: Moment): boolean {
    if (this.clock.monotonicMs() - atMs >= REMEMBERED_MS) return true;
    const last = this.#recent.get(userId) ?? this.#older.get(userId) ?? 0;
    return last > count;
  }

  #turn(): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.#turnedAtMs < REMEMBERED_MS) return;
    this.#turnedAtMs = nowMs;
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}
