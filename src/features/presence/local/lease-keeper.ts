import { type Cancel, type Clock, Rounds } from '../../../realtime/index.js';
import type { Liveness, OwnUsers, PresenceLeases } from '../leases/index.js';

/** A lease survives two renewals that fail. */
const RENEWALS_PER_LEASE = 4;

/** So many users are announced by one pipeline. */
const ANNOUNCED_AT_ONCE = 500;

/** How often everything is announced again, little by little, should any of it have been lost. */
const REFRESH_MS = 1_200_000;

export interface KeeperServices {
  readonly clock: Clock;
  readonly leases: PresenceLeases;
  readonly own: OwnUsers;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Keeps this node's lease alive. When it was lost, and whenever the leases were away, it takes another, announces all
 * users under it, and only then lets go of the old one.
 */
export class LeaseKeeper {
  private readonly rounds: Rounds;
  private cancelReturn: Cancel | undefined;
  private refreshing: Iterator<[string, Liveness]> | undefined;
  private isHeld = false;
  private isTroubled = false;

  constructor(private readonly services: KeeperServices) {
    this.rounds = new Rounds(
      async () => this.round(),
      (error) => this.onFailed(error),
    );
  }

  /** Resolves when a lease is held, or could not be had for now. */
  async start(): Promise<void> {
    const { clock, leases } = this.services;
    this.cancelReturn = leases.onReturn(() => {
      this.isHeld = false;
      void this.rounds.round();
    });
    this.rounds.start(clock, this.periodMs);
    await this.rounds.round();
  }

  async stop(): Promise<void> {
    this.cancelReturn?.();
    await this.rounds.stop();
  }

  private get periodMs(): number {
    return this.services.leases.ttlMs / RENEWALS_PER_LEASE;
  }

  private async round(): Promise<void> {
    if (this.isHeld && (await this.services.leases.renew())) await this.refresh();
    else await this.takeAnother();
    this.isTroubled = false;
  }

  private async takeAnother(): Promise<void> {
    const { leases, own } = this.services;
    // What returns meanwhile asks for another round, which sees that none is held.
    this.isHeld = true;
    try {
      await leases.open();
      const users = own.entries();
      while ((await this.announce(users, ANNOUNCED_AT_ONCE)) > 0) await leases.renew();
      if (!(await leases.complete())) this.isHeld = false;
    } catch (error) {
      this.isHeld = false;
      throw error;
    }
  }

  private async refresh(): Promise<void> {
    const { own } = this.services;
    const share = Math.ceil((own.size * this.periodMs) / REFRESH_MS);
    this.refreshing ??= own.entries();
    if ((await this.announce(this.refreshing, share)) < share) this.refreshing = undefined;
  }

  private async announce(users: Iterator<[string, Liveness]>, atMost: number): Promise<number> {
    const some = new Map<string, Liveness>();
    for (let count = 0; count < atMost; count += 1) {
      const next = users.next();
      if (next.done === true) break;
      some.set(...next.value);
    }
    if (some.size > 0) await this.services.leases.announce(some);
    return some.size;
  }

  private onFailed(error: unknown): void {
    if (!this.isTroubled) this.services.onTrouble(error);
    this.isTroubled = true;
  }
}
