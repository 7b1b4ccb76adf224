import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { Clock } from '../clock/clock.js';
import type { ReadyFields } from '../connection/connection-observer.js';
import { OutboundFrame } from '../frames/outbound-frame.js';
import { newId } from '../ids/new-id.js';
import type { RealtimeSettings } from '../realtime.settings.js';
import { REALTIME_SETTINGS } from '../realtime.token.js';
import { Traffic } from '../metrics/traffic.js';
import { SocketConnection } from '../sockets/socket-connection.js';
import { traceParentIn } from '../tracing/trace-parent.js';
import type { AdmittedUpgrade } from '../upgrade/upgrade-pipeline.js';
import { NodeServices } from './node-services.js';

/** The version of the wire contract. */
const PROTOCOL = '1.0';

/** What this node accepts beyond version 1.0. */
const FEATURES: readonly string[] = [];

const USER_AGENT_LIMIT = 256;

/** Makes connections, and the `ready` push that says what each one is. */
@Injectable()
export class ConnectionFactory {
  constructor(
    private readonly services: NodeServices,
    private readonly clock: Clock,
    private readonly traffic: Traffic,
    @Inject(REALTIME_SETTINGS) private readonly settings: RealtimeSettings,
  ) {}

  create(ws: WebSocket, socket: Socket, upgrade: AdmittedUpgrade): SocketConnection {
    const { request, path, principal, subprotocol = 'chat' } = upgrade;
    this.traffic.upgraded();
    const facts = {
      id: newId(this.clock.now()),
      path,
      principal,
      subprotocol,
      userAgent: (request.headers['user-agent'] ?? '').slice(0, USER_AGENT_LIMIT),
      remoteAddress: request.remoteAddress,
      openedAtMs: this.clock.now(),
      trace: traceParentIn(request.headers['traceparent']),
    } as const;
    return new SocketConnection(ws, socket, facts, this.services.open());
  }

  /** `fields` come from the connection's observers. */
  readyOf({ id, principal, subprotocol }: SocketConnection, fields: ReadyFields): OutboundFrame {
    const { sessionId, expiresAtMs } = principal;
    return new OutboundFrame('ready', {
      protocol: PROTOCOL,
      connectionId: id,
      sessionId,
      subprotocol,
      heartbeatMs: this.settings.heartbeatMs,
      maxFrameBytes: this.settings.maxFrameBytes,
      serverTime: this.clock.isoNow(),
      tokenExpiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
      ...fields,
      features: [...FEATURES, ...(fields.features ?? [])],
    });
  }
}
