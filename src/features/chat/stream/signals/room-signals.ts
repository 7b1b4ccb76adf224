import { Injectable } from '@nestjs/common';
import { type Cancel, newId, TopicBus } from '../../../../realtime/index.js';
import { roomChannel } from '../../log/index.js';

/** What nodes tell each other of a room, beside its events and what is pushed. */
export interface RoomSignal {
  readonly name: string;
  /** The node that sends it. */
  readonly from: string;
  readonly data: object;
}

/** What the bus carries of it on the room's channel. */
export interface RoomSignalled {
  readonly signal: RoomSignal;
}

type SignalListener = (roomId: string, data: object) => void;

/**
 * Tells the other nodes that follow a room what this one knows of it and no store does. As all that the bus carries it may be
 * lost: whoever listens can do without it.
 */
@Injectable()
export class RoomSignals {
  private readonly node = newId();
  private readonly listeners = new Map<string, SignalListener>();

  constructor(private readonly bus: TopicBus) {}

  /** Whether there may be other nodes. */
  get isOfUse(): boolean {
    return this.bus.isShared;
  }

  send(roomId: string, name: string, data: object): void {
    if (!this.isOfUse) return;
    const signal: RoomSignal = { name, from: this.node, data };
    this.bus.publish(roomChannel(roomId), { signal } satisfies RoomSignalled);
  }

  /** Listens to other nodes' signals of this name, until cancelled; a name has one listener. It must not throw. */
  observe<Data extends object>(name: string, listener: (roomId: string, data: Data) => void): Cancel {
    if (this.listeners.has(name)) throw new Error(`two listen to the signal "${name}"`);
    this.listeners.set(name, listener as SignalListener);
    return () => void this.listeners.delete(name);
  }

  /** Takes one from the bus. Those of names that this build does not know are of a newer one. */
  receive(roomId: string, { name, from, data }: RoomSignal): void {
    if (from !== this.node) this.listeners.get(name)?.(roomId, data);
  }
}
