import { Injectable } from '@nestjs/common';
import type { Cancel } from '../clock/clock.js';
import { type BusListener, TopicBus } from './topic-bus.js';

/** The bus of a single node: it delivers in order, before `publish` returns. */
@Injectable()
export class MemoryTopicBus extends TopicBus {
  private readonly channels = new Map<string, Set<BusListener>>();

  publish(channel: string, message: object): void {
    for (const listener of this.channels.get(channel) ?? []) listener(message);
  }

  subscribe(channel: string, listener: BusListener): Promise<Cancel> {
    const listeners = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, listeners);
    listeners.add(listener);
    return Promise.resolve(() => this.cancel(channel, listeners, listener));
  }

  private cancel(channel: string, listeners: Set<BusListener>, listener: BusListener): void {
    listeners.delete(listener);
    if (listeners.size === 0 && this.channels.get(channel) === listeners) this.channels.delete(channel);
  }
}
