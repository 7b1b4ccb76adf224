import { Injectable } from '@nestjs/common';
import type { Cancel } from '../clock/clock.js';
import { type BusListener, TopicBus } from './topic-bus.js';

/** One subscription; the same listener may have several. */
interface Subscriber {
  readonly listener: BusListener;
}

/** The bus of a single node: it delivers in order, before `publish` returns. */
@Injectable()
export class MemoryTopicBus extends TopicBus {
  private readonly channels = new Map<string, Set<Subscriber>>();

  publish(channel: string, message: object): void {
    for (const { listener } of this.channels.get(channel) ?? []) listener(message);
  }

  subscribe(channel: string, listener: BusListener): Promise<Cancel> {
    const subscribers = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, subscribers);
    const subscriber = { listener };
    subscribers.add(subscriber);
    return Promise.resolve(() => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0 && this.channels.get(channel) === subscribers) this.channels.delete(channel);
    });
  }
}
