import type { Cancel } from '../clock/clock.js';

/** Receives a message of a channel. It must not throw. */
export type BusListener = (message: unknown) => void;

/** Told that messages may have been lost. It must not throw. */
export type GapListener = () => void;

/**
 * Carries messages between the nodes of a cluster, this node included.
 *
 * It is a hint: an implementation may lose, repeat and reorder messages, so whoever listens must be able to find
 * out the truth from the store. Messages are plain JSON values.
 */
export abstract class TopicBus {
  /** Whether other nodes may be on it, so that things happen in the store of which this node only hears. Default: no. */
  get isShared(): boolean {
    return false;
  }

  /** Hands `message` to every listener of `channel` on every node, soon. Never throws for an absent listener. */
  abstract publish(channel: string, message: object): void;

  /** Listens until cancelled. The promise resolves when messages published from now on arrive. */
  abstract subscribe(channel: string, listener: BusListener): Promise<Cancel>;

  /**
   * Tells, until cancelled, that messages of any channel may have been lost for a while, and that those published from now on
   * arrive again: whoever keeps something by them compares all of it with the store. A single message that is lost is not told
   * of, and several outages may be told as one. By default nobody is ever told: for a bus that loses nothing.
   */
  onGap(_listener: GapListener): Cancel {
    return () => undefined;
  }
}
