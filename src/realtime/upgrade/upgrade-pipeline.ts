import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Subprotocol } from '../frames/codec.js';
import type { Principal } from '../connection/principal.js';
import { RouteTable } from '../dispatch/route-table.js';
import { RealtimeError } from '../errors/realtime-error.js';
import { FrontDoor } from './front-door.js';
import { checkHandshake, readSubprotocols, readTarget, selectSubprotocol } from './handshake.js';
import { UpgradeAttempts } from './upgrade-attempts.js';
import { UpgradeGuards } from './upgrade-guards.js';
import type { UpgradeRequest } from './upgrade-request.js';

/** How long the guards may take; Node's own HTTP limits end with the `upgrade` event. */
const GUARDS_TIMEOUT_MS = 10_000;

/** An upgrade that every check has passed. */
export interface AdmittedUpgrade {
  readonly request: UpgradeRequest;
  readonly path: string;
  readonly principal: Principal;
  /** `undefined` when the client offered none that is echoed. */
  readonly subprotocol: Subprotocol | undefined;
  /** To be called when the connection is registered. */
  readonly leave: () => void;
}

/** The front door: the checks of an upgrade, in the order of the contract. Nothing is allocated before the last. */
@Injectable()
export class UpgradePipeline {
  constructor(
    private readonly routes: RouteTable,
    private readonly frontDoor: FrontDoor,
    private readonly guards: UpgradeGuards,
    private readonly attempts: UpgradeAttempts,
  ) {}

  /** Resolves with what was admitted, or with `undefined` when the upgrade was refused or its socket died. */
  async admit(incoming: IncomingMessage, socket: Duplex): Promise<AdmittedUpgrade | undefined> {
    // Nobody else listens between Node's `upgrade` event and the handshake: a reset would end the process.
    socket.on('error', ignoreError);
    const attempt = this.attempts.begin(incoming, socket);
    try {
      const admitted = await this.check(incoming, socket);
      if (socket.destroyed) {
        admitted.leave();
        attempt.gone();
        return undefined;
      }
      socket.off('error', ignoreError);
      attempt.admitted();
      return admitted;
    } catch (error) {
      if (error instanceof PeerGone || socket.destroyed) attempt.gone();
      else attempt.refused(error);
      return undefined;
    }
  }

  /** See `UpgradeAttempts.refuseHandshake`. */
  refuseHandshake(socket: Duplex, message: string): void {
    this.attempts.refuseHandshake(socket, message);
  }

  private async check(incoming: IncomingMessage, socket: Duplex): Promise<AdmittedUpgrade> {
    const target = readTarget(incoming);
    const path = target.pathname;
    if (this.routes.at(path) === undefined)
      throw new RealtimeError('NOT_FOUND', 'no gateway is at this path');
    checkHandshake(incoming);
    const subprotocols = readSubprotocols(incoming);
    const subprotocol = selectSubprotocol(subprotocols);
    const { address: remoteAddress, leave } = this.frontDoor.enter(incoming);
    try {
      const request: UpgradeRequest = Object.assign(incoming, { target, remoteAddress, subprotocols });
      const principal = await this.authorize(path, request, socket);
      this.frontDoor.confirm();
      return { request, path, principal, subprotocol, leave };
    } catch (error) {
      leave();
      throw error;
    }
  }

  private async authorize(path: string, request: UpgradeRequest, socket: Duplex): Promise<Principal> {
    const interruption = interruptionOf(socket);
    try {
      await Promise.race([this.guards.run(path, request), interruption.promise]);
    } finally {
      interruption.cancel();
    }
    if (request.principal === undefined)
      throw new RealtimeError('UNAUTHENTICATED', 'credentials are missing');
    return request.principal;
  }
}

function ignoreError(): void {}

/** The client hung up while its upgrade was being checked. */
class PeerGone extends Error {}

/** Rejects when the socket closes or the guards take too long, so that an upgrade gives its place back. */
function interruptionOf(socket: Duplex): { promise: Promise<never>; cancel: () => void } {
  let cancel = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    const onClose = (): void => reject(new PeerGone('the client has gone'));
    const onLate = (): void => reject(new RealtimeError('UNAVAILABLE', 'the service is busy'));
    const timer = setTimeout(onLate, GUARDS_TIMEOUT_MS);
    socket.once('close', onClose);
    cancel = () => {
      clearTimeout(timer);
      socket.off('close', onClose);
    };
  });
  return { promise, cancel };
}
