import type { Cancel, Clock } from '../../../../realtime/index.js';
import type { LogNews, News } from '../../log/index.js';
import { REORDER_MS, type RoomStreams } from '../room/index.js';
import type { MembershipComparison } from './membership-comparison.js';

/** How long what the bus has lost may go unnoticed. */
export const COMPARISON_MS = 3000;

export interface ComparisonServices {
  readonly clock: Clock;
  readonly news: LogNews;
  readonly streams: RoomStreams;
  readonly memberships: MembershipComparison;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Asks the store every 3 s what was committed since the last time, and holds this node against it: the heads and
 * floors of the rooms that it follows, the memberships of the users who are connected to it. A look that fails is made up for by the next one, which
 * goes on from the same mark, however long the store was away.
 */
export class LogComparison {
  private readonly cancel: Cancel;
  private mark: number | null = null;
  private running: Promise<void> | undefined;
  private isDue = false;
  private isStopped = false;
  private hasFailed = false;

  constructor(private readonly services: ComparisonServices) {
    this.cancel = services.clock.every(COMPARISON_MS, () => this.compareSoon());
  }

  /** Compares now, or once more when the comparison that is under way is over. */
  compareSoon(): void {
    if (this.mark === null && this.isNobodyHere()) return;
    this.isDue = true;
    this.running ??= this.run();
  }

  /** The database holds another life of the data: what was seen of the one before says nothing of it. */
  beginAnew(): void {
    this.mark = null;
    this.compareSoon();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  /** Then there is nothing to compare, and at the start there may be no database yet that could be asked. */
  private isNobodyHere(): boolean {
    return this.services.streams.size === 0 && this.services.memberships.isOfNobody;
  }

  private async run(): Promise<void> {
    while (this.isDue && !this.isStopped) {
      this.isDue = false;
      try {
        await this.compare();
        this.hasFailed = false;
      } catch (error) {
        if (!this.hasFailed) this.services.onTrouble(error);
        this.hasFailed = true;
      }
    }
    this.running = undefined;
  }

  private async compare(): Promise<void> {
    const { news, memberships } = this.services;
    const since = this.mark;
    const latest = await news.since(since);
    if (this.isStopped) return;
    this.compareHeads(latest);
    this.services.streams.raiseFloors(latest.floors);
    if (latest.isWhole) await memberships.compare(latest.members);
    else await memberships.compareAll();
    // Unless all began anew meanwhile.
    if (this.mark === since) this.mark = latest.mark;
  }

  private compareHeads({ heads }: News): void {
    const { streams } = this.services;
    if (heads === undefined) return streams.compareAll();
    for (const [roomId, head] of heads) streams.get(roomId)?.expect(head, REORDER_MS);
  }
}
