import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { RealtimeError } from '../errors/realtime-error.js';
import { Admission } from './admission.js';
import { ClientAddress } from './client-address.js';
import { OriginPolicy } from './origin-policy.js';
import { UpgradeLimits } from './upgrade-limits.js';

/** What is asked of a client before its credential is looked at, at an upgrade and when it takes a ticket for one. */
@Injectable()
export class FrontDoor {
  constructor(
    private readonly admission: Admission,
    private readonly origins: OriginPolicy,
    private readonly addresses: ClientAddress,
    private readonly limits: UpgradeLimits,
  ) {}

  /**
   * Returns the client's address. Throws `UNAVAILABLE` while the node is draining or full, `ORIGIN_NOT_ALLOWED`, or
   * `RATE_LIMITED`. Nothing of it touches the store.
   */
  check(request: IncomingMessage): string {
    this.admission.check();
    if (!this.origins.isAllowed(request)) throw new RealtimeError('ORIGIN_NOT_ALLOWED', 'origin not allowed');
    const address = this.addresses.of(request);
    this.limits.take(address);
    return address;
  }

  /** Asks once more after the guards, which take their time. Throws `UNAVAILABLE` when the drain has begun meanwhile. */
  confirm(): void {
    this.admission.checkDraining();
  }

  /** As `check`, and takes a place, to be given back by `leave` when the connection is registered or refused. */
  enter(request: IncomingMessage): { readonly address: string; readonly leave: () => void } {
    const address = this.check(request);
    return { address, leave: this.admission.enter() };
  }
}
