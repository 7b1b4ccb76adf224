import { Injectable } from '@nestjs/common';
import { type Cancel, Clock } from './clock.js';

/** Longer delays overflow a Node timer, which would then fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clock of a running service. */
@Injectable()
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(delayMs: number, task: () => void): Cancel {
    const timer = setTimeout(task, Math.min(delayMs, LONGEST_TIMER_MS)).unref();
    return () => clearTimeout(timer);
  }

  every(periodMs: number, task: () => void): Cancel {
    const timer = setInterval(task, Math.min(periodMs, LONGEST_TIMER_MS)).unref();
    return () => clearInterval(timer);
  }
}
