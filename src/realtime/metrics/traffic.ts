import { Injectable } from '@nestjs/common';
import { CLOSE } from '../connection/close.js';
import type { Counter } from './instruments.js';
import { Meters } from './meters.js';
import { OK, outcomeOf } from './outcome.js';

/** Close codes that come from the WebSocket layer, or from a peer by RFC 6455. */
const CODES_OF_THE_RFC = [1001, 1002, 1005, 1006, 1007, 1008, 1009];
const CLOSE_CODES: ReadonlySet<number> = new Set([...Object.values(CLOSE), ...CODES_OF_THE_RFC]);

const UPGRADES = {
  name: 'parley_upgrades_total',
  help: 'Upgrade requests, by what they were answered; gone: the client hung up before.',
};
const CLOSES = { name: 'parley_closes_total', help: 'Connections that have ended, by close code.' };

/** What goes over this node's sockets, beside requests. */
@Injectable()
export class Traffic {
  /** Frames that were handed to a socket, and their bytes before compression. */
  readonly framesSent: Counter;
  readonly bytesSent: Counter;
  /** Frames of an order, each to one connection. */
  readonly deliveries: Counter;
  /** Times that a connection had to be brought up from a log: it was too slow, or new to a room. */
  readonly catchUps: Counter;
  /** Frames that came so far above the rate that they were not read. */
  readonly framesDiscarded: Counter;
  private admitted: Counter | undefined;

  constructor(private readonly meters: Meters) {
    this.framesSent = meters.counter({
      name: 'parley_frames_sent_total',
      help: 'Frames that were handed to sockets.',
    });
    this.bytesSent = meters.counter({
      name: 'parley_sent_bytes_total',
      help: 'Bytes of the frames that were handed to sockets, before compression.',
    });
    this.deliveries = meters.counter({
      name: 'parley_deliveries_total',
      help: "Events of rooms' logs that were handed to connections, once for each connection.",
    });
    this.catchUps = meters.counter({
      name: 'parley_catch_ups_total',
      help: 'Times that a connection was brought up from a log, for it was slow or new to a room.',
    });
    this.framesDiscarded = meters.counter({
      name: 'parley_frames_discarded_total',
      help: 'Frames so far above the rate that they were discarded unread.',
    });
  }

  /** An upgrade was admitted. */
  upgraded(): void {
    this.admitted ??= this.meters.counter(UPGRADES, { outcome: OK });
    this.admitted.add();
  }

  /** An upgrade was refused with this code. */
  upgradeRefused(code: string): void {
    this.meters.counter(UPGRADES, { outcome: outcomeOf(code) }).add();
  }

  /** The client hung up while its upgrade was being looked at. */
  upgradeGone(): void {
    this.meters.counter(UPGRADES, { outcome: 'gone' }).add();
  }

  /** A connection has ended. A client may choose among thousands of codes: those that mean nothing here are one. */
  closed(code: number): void {
    const label = CLOSE_CODES.has(code) ? String(code) : 'other';
    this.meters.counter(CLOSES, { code: label }).add();
  }
}
