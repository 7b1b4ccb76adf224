import type { Socket } from 'node:net';
import type { SpanContext } from '@opentelemetry/api';
import type { WebSocket } from 'ws';
import type { Clock } from '../clock/clock.js';
import type { UserActor } from '../connection/actor.js';
import { CLOSE, type CloseReason } from '../connection/close.js';
import { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import type { PendingRequest, RequestReader } from '../dispatch/request-reader.js';
import type { Codec, Subprotocol } from '../frames/codec.js';
import { CODECS } from '../frames/codecs.js';
import type { BadFrame } from '../frames/inbound-frame.js';
import { OutboundFrame } from '../frames/outbound-frame.js';
import { CatchUp } from '../fanout/catch-up.js';
import { DISCARDED, type FrameMeter } from '../limits/frame-meter.js';
import { ClientFacade } from './client-facade.js';
import { Inbox, type InboxOwner } from './inbox.js';
import { Intake, type IntakeOwner } from './intake.js';
import { Outbox, type OutboxOwner, type OutboxTerms } from './outbox.js';
import { Pongs } from './pongs.js';
import { type Brakes, Reading } from './reading.js';
import { Vitals } from './vitals.js';

/** What the upgrade found out about a connection. */
export interface ConnectionFacts {
  readonly id: string;
  readonly path: string;
  readonly principal: Principal;
  readonly subprotocol: Subprotocol;
  readonly userAgent: string;
  readonly remoteAddress: string;
  readonly openedAtMs: number;
  /** The trace that the upgrade request belonged to. */
  readonly trace: SpanContext | undefined;
}

/** What a connection needs of the node. */
export interface ConnectionServices {
  readonly requests: RequestReader;
  readonly outbox: OutboxTerms;
  readonly clock: Clock;
  readonly brakes: Brakes;
  /** The connection's own; `undefined` when frames are not limited. */
  readonly meter: FrameMeter | undefined;
}

/** What is inflated counts by its bytes: a frame of 75 bytes may become one of 60 kB. */
const INFLATED_BYTES_PER_FRAME = 8192;

type Phase = 'attaching' | 'attached' | 'closing' | 'closed';

/** A connection over a `ws` socket. */
export class SocketConnection extends Connection implements IntakeOwner, InboxOwner, OutboxOwner {
  readonly id: string;
  readonly path: string;
  readonly codec: Codec;
  readonly userAgent: string;
  readonly remoteAddress: string;
  readonly openedAtMs: number;
  readonly trace: SpanContext | undefined;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly vitals: Vitals;
  readonly catchUp: CatchUp;
  readonly meter: FrameMeter | undefined;
  private readonly requests: RequestReader;
  private readonly reading: Reading;
  private readonly clock: Clock;
  #principal: Principal;
  #phase: Phase = 'attaching';
  /** Pushes that came before `ready`; none of them may overtake it. */
  #beforeReady: (() => void)[] | undefined = [];
  #facade: ClientFacade | undefined;
  #pongs: Pongs | undefined;
  #close: CloseReason | undefined;
  #isLeaving = false;

  constructor(
    readonly ws: WebSocket,
    readonly socket: Socket,
    facts: ConnectionFacts,
    services: ConnectionServices,
  ) {
    super();
    this.id = facts.id;
    this.path = facts.path;
    this.#principal = facts.principal;
    this.codec = CODECS[facts.subprotocol];
    this.userAgent = facts.userAgent;
    this.remoteAddress = facts.remoteAddress;
    this.openedAtMs = facts.openedAtMs;
    this.trace = facts.trace;
    this.clock = services.clock;
    this.vitals = new Vitals(this.clock.monotonicMs());
    this.meter = services.meter;
    this.requests = services.requests;
    this.reading = new Reading(ws, services.brakes);
    this.inbox = new Inbox(this, new Intake(this));
    this.catchUp = new CatchUp(this, services.outbox.traffic.catchUps, this.clock);
    this.outbox = new Outbox(ws, socket, this, services.outbox);
  }

  get principal(): Principal {
    return this.#principal;
  }

  get actor(): UserActor {
    return { kind: 'user', userId: this.#principal.userId, sessionId: this.#principal.sessionId };
  }

  get lastFrameAtMs(): number {
    return this.vitals.lastFrameAtMs;
  }

  get isAttached(): boolean {
    return this.#phase === 'attached';
  }

  /** True from the moment at which the connection is to take nothing more. */
  get isEnding(): boolean {
    return this.#phase === 'closing' || this.#phase === 'closed';
  }

  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get isCongested(): boolean {
    return this.outbox.isFull;
  }

  /** Why it was closed, if this side began it. */
  get closeReason(): CloseReason | undefined {
    return this.#close;
  }

  get subprotocol(): Subprotocol {
    return this.codec.name;
  }

  /** What a plain Nest gateway is given for this connection: the same object each time. */
  get facade(): ClientFacade {
    return (this.#facade ??= new ClientFacade(this));
  }

  /** Takes a message from the peer. */
  receive(message: Buffer, isBinary: boolean): void {
    if (this.isEnding) {
      this.onDiscarded();
      return;
    }
    this.vitals.lastFrameAtMs = this.clock.monotonicMs();
    if (isBinary !== this.codec.isBinary) this.close({ code: CLOSE.unsupportedData, reason: '' });
    else this.inbox.push(message);
    this.closeIfFlooded();
  }

  /** Answers a ping, which counts as a frame: one far above the rate is not answered. */
  receivePing(payload: Buffer): void {
    if (this.isCounted()) (this.#pongs ??= new Pongs(this.ws)).answer(payload);
    this.closeIfFlooded();
  }

  /** Counts a pong as a frame, whether we asked for it or not. */
  receivePong(): void {
    this.isCounted();
    this.closeIfFlooded();
  }

  pauseReading(): void {
    this.reading.hold();
  }

  resumeReading(): void {
    this.reading.release();
  }

  onDrained(): void {
    if (this.isEnding) return;
    this.catchUp.run();
    this.inbox.pump();
  }

  onDiscarded(): void {
    this.reading.onDiscarded();
  }

  read(frame: Buffer, retryAfterMs: number): PendingRequest {
    return this.requests.read(this, frame, retryAfterMs);
  }

  refuse(error: BadFrame): PendingRequest {
    return this.requests.refuse(this, error);
  }

  surchargeOf(bytes: number): number {
    return this.ws.extensions === '' ? 0 : Math.floor(bytes / INFLATED_BYTES_PER_FRAME);
  }

  surcharge(cost: number): number {
    return this.meter?.surcharge(cost) ?? 0;
  }

  /** Sends `ready`, then what waited for it. */
  becomeReady(ready: OutboundFrame): void {
    if (this.#phase !== 'attaching') return;
    this.#phase = 'attached';
    this.outbox.write(ready.encodedBy(this.codec));
    const waiting = this.#beforeReady ?? [];
    this.#beforeReady = undefined;
    for (const push of waiting) push();
  }

  push(event: string, data: object): void {
    this.pushFrame(new OutboundFrame(event, data));
  }

  pushFrame(frame: OutboundFrame): void {
    this.whenReady(() => this.outbox.write(frame.encodedBy(this.codec)));
  }

  pushState(key: string, frame: OutboundFrame): void {
    this.whenReady(() => this.outbox.offerState(key, frame));
  }

  prolong(expiresAtMs: number | null): void {
    this.#principal = { ...this.#principal, expiresAtMs };
  }

  /** Sends an answer or a raw message of a gateway; both only exist after `ready`. */
  write(frame: Buffer): void {
    if (!this.isEnding) this.outbox.write(frame);
  }

  onceClosed(task: () => void): void {
    this.ws.once('close', task);
  }

  /** Has no new request begun: each is refused from here on. Resolves when all that have come are answered. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.inbox.end();
  }

  closeOnceAnswered(close: CloseReason): void {
    void this.inbox.shut().then(() => this.close(close));
  }

  close(close: CloseReason): void {
    if (this.isEnding) return;
    this.outbox.flush();
    // It throws on a code or a reason that the protocol does not have; the connection then goes on.
    this.ws.close(close.code, close.reason);
    this.#phase = 'closing';
    this.#close = close;
  }

  /** Called when the socket has closed. */
  onClosed(): void {
    this.#phase = 'closed';
    this.#beforeReady = undefined;
    this.reading.end();
    this.outbox.clear();
    this.inbox.clear();
    this.catchUp.clear();
  }

  /** Counts a control frame; `false` when it is not to be answered. */
  private isCounted(): boolean {
    if (!this.isEnding && this.meter?.count() !== DISCARDED) return true;
    this.onDiscarded();
    return false;
  }

  private closeIfFlooded(): void {
    if (this.meter?.isFlooded === true) this.close({ code: CLOSE.flood, reason: '' });
  }

  private whenReady(push: () => void): void {
    if (this.#phase === 'attached') push();
    else this.#beforeReady?.push(push);
  }
}
