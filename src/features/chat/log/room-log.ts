import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../realtime/index.js';
import { plainQuery, type QueryLike } from '../../../storage/index.js';
import { isOwnType } from './commit/own-types.js';
import { type Append, LogWriter } from './log-writer.js';
import type { RoomEvent, RoomRole } from '../records/index.js';

/** An event of a module's own, to be appended to a room's log. */
export interface AppendInput {
  readonly roomId: string;
  readonly actor: Actor;
  /** `<prefix>.<past participle>`, for instance `poll.voted`; not under a prefix of the service's own. */
  readonly type: string;
  /** Joins the event on the wire: at most 16 KiB as JSON, and none of the five properties that every event has. */
  readonly body: object;
  /** The least role that the actor must have in the room at the moment of the append; the service needs none. */
  readonly require: Extract<RoomRole, 'member' | 'admin'>;
  /** Conditions, read in the append's transaction before the event is there: each must give a row, else `CONFLICT`. */
  readonly assert?: readonly QueryLike[];
  /**
   * The module's rows, written in the append's transaction, with `eventSeq()` for the event's place in the log. A row
   * that a constraint refuses is `CONFLICT`; any other failing query refuses the append with `INTERNAL`.
   */
  readonly project?: readonly QueryLike[];
}

/** What was stored. */
export interface Committed {
  readonly event: RoomEvent;
}

const MAX_BODY_BYTES = 16 * 1024;
const TYPE = /^[a-z][a-z0-9]*(?:\.[a-z][a-z0-9-]*)+$/;
const EVERY_EVENTS_PROPERTIES = ['roomId', 'seq', 'type', 'actorId', 'at'];

/** The door through which modules append events of their own to a room's log. */
@Injectable()
export class RoomLog {
  constructor(private readonly writer: LogWriter) {}

  /**
   * Appends one event. Whether the actor may, and whether `assert` holds, is decided inside the transaction that stores it.
   *
   * It throws a plain error for an input that no request should have led to: a type, body or query that is
   * not allowed. `committed` rejects with `NOT_FOUND` (no such room for this actor), `FORBIDDEN` (too low a role, or the
   * room is archived), `CONFLICT`, `UNAVAILABLE` or `UNKNOWN`.
   *
   * @example
   * ```ts
   * const { admitted, committed } = this.log.append({
   *   roomId, actor, type: 'poll.voted', body: { pollSeq, choice }, require: 'member',
   *   project: [votes.insertInto('poll_votes').values({ room_id: roomId, seq: eventSeq(), choice })],
   * });
   * ```
   */
  append(input: AppendInput): Append<Committed> {
    const { roomId, actor, type, require } = input;
    requireType(type);
    const { admitted, committed } = this.writer.submit({
      change: 'module',
      roomId,
      actorId: actor.userId,
      type,
      require,
      body: bodyOf(input),
      assert: (input.assert ?? []).map(plainQuery),
      project: (input.project ?? []).map(plainQuery),
    });
    return { admitted, committed: committed.then(({ events }) => ({ event: onlyOne(events) })) };
  }
}

function requireType(type: string): void {
  if (TYPE.test(type) && !isOwnType(type)) return;
  throw new Error(
    `"${type}" is no event type for a module: name it <prefix>.<past participle> in lower case, with a prefix of the module's own`,
  );
}

function bodyOf({ type, body }: AppendInput): string {
  const shadow = EVERY_EVENTS_PROPERTIES.find((property) => property in body);
  if (shadow !== undefined) {
    throw new Error(`the body of "${type}" has a property "${shadow}", which every event has: rename it`);
  }
  const json = JSON.stringify(body);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_BODY_BYTES) {
    throw new Error(
      `the body of "${type}" has ${bytes} bytes of JSON: at most ${MAX_BODY_BYTES} are allowed`,
    );
  }
  return json;
}

function onlyOne([event]: readonly RoomEvent[]): RoomEvent {
  if (!event) throw new Error('an append was stored without its event');
  return event;
}
