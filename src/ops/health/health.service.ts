import { Injectable } from '@nestjs/common';
import { Clock, Draining } from '../../realtime/index.js';
import { Database } from '../../storage/index.js';

/** A store that does not answer within this time counts as down. */
const PING_TIMEOUT_MS = 2000;

/** How this node is. */
export interface Health {
  readonly status: 'up' | 'down';
  /** What keeps the node from taking work: `draining`, `store`. */
  readonly down?: readonly string[];
}

/** Knows whether this node can take work. */
@Injectable()
export class HealthService {
  private asking: Promise<boolean> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly draining: Draining,
  ) {}

  /** Whether this node can take work, and what keeps it from that. */
  async ready(): Promise<Health> {
    // To ask costs the store a commit, and anybody may ask: those who do so at once share it.
    this.asking ??= this.canStore().finally(() => (this.asking = undefined));
    const canStore = await this.asking;
    const down = [...(this.draining.isDraining ? ['draining'] : []), ...(canStore ? [] : ['store'])];
    return down.length === 0 ? { status: 'up' } : { status: 'down', down };
  }

  private async canStore(): Promise<boolean> {
    let cancel = (): void => undefined;
    const timeout = new Promise<boolean>((resolve) => {
      cancel = this.clock.after(PING_TIMEOUT_MS, () => resolve(false));
    });
    const answer = this.database.ping().then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      cancel();
    }
  }
}
