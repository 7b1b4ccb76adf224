import { Injectable } from '@nestjs/common';
import type { RoomEvent } from '../records/index.js';
import { type Interest, wants } from './append/index.js';

/** Told that events were stored for the consumer: a hint, since a commit whose outcome is not known tells nobody. */
export type OutboxListener = (consumer: string) => void;

/** What the consumers of the logs want, for whoever appends; nothing, until they are registered. */
@Injectable()
export class Outbox {
  #interests: readonly Interest[] = [];
  #listener: OutboxListener = () => undefined;

  /** Goes with every append, and is part of its transaction. */
  get interests(): readonly Interest[] {
    return this.#interests;
  }

  /** From here on events that any of these wants are kept for it. */
  open(interests: readonly Interest[], listener: OutboxListener): void {
    this.#interests = interests;
    this.#listener = listener;
  }

  /** Tells of events that are stored. */
  filled(events: readonly RoomEvent[]): void {
    for (const interest of this.#interests) {
      if (events.some(({ type }) => wants(interest, type))) this.#listener(interest.consumer);
    }
  }
}
