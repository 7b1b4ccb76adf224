import type { Cancel } from '../clock/clock.js';

/** Receives a message of a channel. It must not throw. */
export type BusListener = (message: unknown) => void;

/**
 * Carries messages between the nodes of a cluster, this node included.
 *
 * It is a hint: an implementation may lose, repeat and reorder messages, so whoever listens must be able to find
 * out the truth from the store. Messages are plain JSON values.
 */
export abstract class TopicBus {
  /** Hands `message` to every listener of `channel` on every node, soon. Never throws for an absent listener. */
  abstract publish(channel: string, message: object): void;

  /** Listens until cancelled. The promise resolves when messages published from now on arrive. */
  abstract subscribe(channel: string, listener: BusListener): Promise<Cancel>;
}
