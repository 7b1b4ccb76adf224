import { Injectable } from '@nestjs/common';
import { Clock, Draining } from '../../realtime/index.js';
import { Database } from '../../storage/index.js';

/** A store that does not answer within this time counts as down. */
const PING_TIMEOUT_MS = 2000;

/** Knows whether this node can take work. */
@Injectable()
export class HealthService {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly draining: Draining,
  ) {}

  /** What keeps this node from taking work; empty when nothing does. */
  async down(): Promise<readonly string[]> {
    const down = this.draining.isDraining ? ['draining'] : [];
    return (await this.canStore()) ? down : [...down, 'store'];
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
