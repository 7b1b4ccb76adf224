import { type BusListener, type Cancel, TopicBus } from '../../../src/realtime/index.js';
import { MemoryTopicBus } from '../../../src/realtime/fanout/topic-bus.memory.js';
import type { Chance } from '../../stream/chance.js';
import type { Faults } from './faults.js';
import type { NodeClock, SimulatedTime } from './time.js';

interface Surroundings {
  readonly time: SimulatedTime;
  readonly chance: Chance;
  readonly faults: Faults;
}

/** What carries messages between the nodes: it loses, repeats and reorders them. */
export class Network {
  readonly endpoints = new Set<BusEndpoint>();

  constructor(readonly surroundings: Surroundings) {}

  send(from: BusEndpoint, channel: string, message: object): void {
    if (from.isCutOff) return;
    // JSON, as between processes: nobody shares an object with another node.
    const text = JSON.stringify(message);
    for (const endpoint of this.endpoints) if (endpoint !== from) this.carry(endpoint, channel, text);
  }

  private carry(to: BusEndpoint, channel: string, text: string): void {
    const { chance, faults } = this.surroundings;
    if (to.isCutOff || chance.happens(faults.lostPercent)) return;
    this.deliverLater(to, channel, text);
    if (chance.happens(faults.repeatedPercent)) this.deliverLater(to, channel, text);
  }

  private deliverLater(to: BusEndpoint, channel: string, text: string): void {
    const { time, chance, faults } = this.surroundings;
    time.after(chance.below(faults.busMs + 1), () => to.deliver(channel, text));
  }
}

/** One node's end of the network. As with the real one, the node's own listeners are handed a message at once. */
export class BusEndpoint extends TopicBus {
  private readonly local = new MemoryTopicBus();
  private readonly heard = new Map<string, number>();
  private cutUntilMs = 0;

  constructor(
    private readonly network: Network,
    private readonly clock: NodeClock,
  ) {
    super();
    network.endpoints.add(this);
  }

  get isCutOff(): boolean {
    return this.clock.monotonicMs() < this.cutUntilMs;
  }

  publish(channel: string, message: object): void {
    this.local.publish(channel, message);
    this.network.send(this, channel, message);
  }

  async subscribe(channel: string, listener: BusListener): Promise<Cancel> {
    const { chance, faults } = this.network.surroundings;
    const cancelLocal = await this.local.subscribe(channel, listener);
    await this.clock.sleep(chance.below(faults.busMs + 1));
    this.listen(channel, 1);
    let isCancelled = false;
    return () => {
      if (!isCancelled) this.listen(channel, -1);
      isCancelled = true;
      cancelLocal();
    };
  }

  deliver(channel: string, text: string): void {
    if (this.isCutOff || !this.heard.has(channel)) return;
    this.clock.after(0, () => this.local.publish(channel, JSON.parse(text) as object));
  }

  cutOff(ms: number): void {
    this.cutUntilMs = this.clock.monotonicMs() + ms;
  }

  heal(): void {
    this.cutUntilMs = 0;
  }

  private listen(channel: string, change: 1 | -1): void {
    const listeners = (this.heard.get(channel) ?? 0) + change;
    if (listeners > 0) this.heard.set(channel, listeners);
    else this.heard.delete(channel);
  }
}
