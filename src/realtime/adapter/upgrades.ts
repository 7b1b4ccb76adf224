import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { ConnectionOpener } from '../lifecycle/connection-opener.js';
import { withoutUnacceptable } from './extension-offers.js';
import { type AdmittedUpgrade, UpgradePipeline } from '../upgrade/upgrade-pipeline.js';

/** A message of more fragments closes with 1008. */
const MAX_FRAGMENTS = 1024;
/** How long a peer may take to answer our close frame before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 1000;

/** Takes upgrade requests through the front door and the handshake, to a connection. */
@Injectable()
export class Upgrades {
  private readonly logger = new Logger(Upgrades.name);
  private readonly sockets: WebSocketServer;
  /** `ws` asks for the subprotocol in the middle of the handshake. */
  private readonly admitted = new WeakMap<IncomingMessage, AdmittedUpgrade>();

  constructor(
    private readonly pipeline: UpgradePipeline,
    private readonly opener: ConnectionOpener,
    @Inject(REALTIME_SETTINGS) settings: RealtimeSettings,
  ) {
    const options: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      maxPayload: settings.maxFrameBytes,
      maxFragments: MAX_FRAGMENTS,
      // The connection answers pings by itself, for they count as frames.
      autoPong: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
      perMessageDeflate: settings.isCompressionEnabled,
      handleProtocols: (_offered, request) => this.admitted.get(request)?.subprotocol ?? false,
    };
    this.sockets = new WebSocketServer(options);
    // The pipeline has checked the rest of the handshake: `ws` can only have stumbled over an extension.
    this.sockets.on('wsClientError', (error, socket) => this.pipeline.refuseHandshake(socket, error.message));
  }

  /** Listens to a server's `upgrade`. */
  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.upgrade(request, socket, head).catch((error: unknown) => {
      this.logger.error({ msg: 'an upgrade failed', err: error });
      socket.destroy();
    });
  };

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const admitted = await this.pipeline.admit(request, socket);
    if (admitted === undefined) return;
    this.admitted.set(request, admitted);
    declineOffers(request);
    this.sockets.handleUpgrade(request, socket, head, (ws) => {
      this.opener.open(ws, socket as Socket, admitted);
    });
    // `ws` calls back before it returns, or refuses by itself what it cannot read.
    admitted.leave();
  }
}

function declineOffers({ headers }: IncomingMessage): void {
  const offers = headers['sec-websocket-extensions'];
  if (offers === undefined) return;
  const kept = withoutUnacceptable(offers);
  if (kept === '') delete headers['sec-websocket-extensions'];
  else headers['sec-websocket-extensions'] = kept;
}
