import { RealtimeError } from '../errors/realtime-error.js';

/** A request as it came in. */
export interface InboundFrame {
  readonly event: string;
  readonly id: FrameId | undefined;
  /** `undefined` when the frame had none. A plain gateway may take any JSON value here. */
  readonly data: unknown;
  /** The trace that it belongs to (W3C Trace Context), as the client wrote it. */
  readonly traceparent?: unknown;
}

export type FrameId = string | number;

/** A message that is no frame. It carries the `id` when at least that could be read. */
export class BadFrame extends RealtimeError {
  constructor(
    message: string,
    readonly id?: FrameId,
  ) {
    super('BAD_FRAME', message);
  }
}

/** Containers nested deeper than this are refused, the frame itself being the first. */
export const MAX_DEPTH = 8;

const TOO_DEEP = `containers are nested deeper than ${MAX_DEPTH}`;

/** What is shorter is parsed at once: it cannot be nested so deep that parsing it takes long. */
const SHORT_TEXT = 2048;

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads a message of subprotocol `chat`: one JSON object. Throws `BadFrame`. */
export function decodeText(message: Buffer): InboundFrame {
  return toFrame(parse(message.toString('utf8')));
}

function parse(text: string): unknown {
  if (text.length > SHORT_TEXT && isNestedTooDeep(text)) throw new BadFrame(TOO_DEEP);
  try {
    return JSON.parse(text);
  } catch {
    throw new BadFrame('not JSON');
  }
}

/**
 * Counts brackets before anything is parsed: `JSON.parse` takes seconds for what is nested a million deep. Text in
 * strings is skipped, so that brackets in a message count for nothing.
 */
function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** The place of the quotation mark that closes the string opened at `start`, or the text's end. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++;
  return backslashes % 2 === 1;
}

/** Checks what was parsed, whatever it was parsed from. Throws `BadFrame`. */
export function toFrame(value: unknown): InboundFrame {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadFrame('not an object');
  const { event, id, data, traceparent } = value as Record<string, unknown>;
  if (!isFrameId(id)) throw new BadFrame('id must be a string or a finite number');
  if (typeof event !== 'string' || event === '') throw new BadFrame('event must be a non-empty string', id);
  const fault = faultIn(value, 1);
  if (fault !== undefined) throw new BadFrame(fault, id);
  return { event, id, data, traceparent };
}

function isFrameId(id: unknown): id is FrameId | undefined {
  // JSON's 1e999 is Infinity here, and could not be told back.
  return id === undefined || typeof id === 'string' || Number.isFinite(id);
}

/** Walks a parsed container: its depth, and the names of its properties at every depth. */
export function faultIn(container: object, depth = 1): string | undefined {
  if (depth > MAX_DEPTH) return TOO_DEEP;
  for (const key of Object.keys(container)) {
    if (FORBIDDEN_KEYS.has(key)) return 'a property has a forbidden name';
    const value = (container as Record<string, unknown>)[key];
    const fault = typeof value === 'object' && value !== null ? faultIn(value, depth + 1) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}
