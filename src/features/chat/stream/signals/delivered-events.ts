import type { Cancel } from '../../../../realtime/index.js';
import type { RoomEvent } from '../../log/index.js';

export type EventListener = (event: RoomEvent) => void;

/** Tells of each event of the rooms that have a connected member on this node, in the order of each log, once it was pushed. */
export class DeliveredEvents {
  private readonly listeners = new Set<EventListener>();

  /** Listens until cancelled. The listener must not throw. */
  observe(listener: EventListener): Cancel {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  announce(event: RoomEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
