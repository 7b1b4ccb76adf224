import { Injectable } from '@nestjs/common';
import { endOfStream } from '../../log/index.js';
import type { StreamsTable } from '../../records/index.js';
import { StreamedText } from './streamed-text.js';
import { streamFacts, type StreamFacts } from './stream-view.js';

/** A stream as this node has it: ahead of its row by what was appended since the last checkpoint. */
export class OpenStream {
  readonly said: StreamedText;
  /** Its end is being stored: nothing can be said meanwhile. */
  isEnding = false;
  /** It is no more: what is still under way for it comes to nothing. */
  isClosed = false;
  /** Whether the row lacks something of it. */
  isDirty = false;
  dueAt: number;

  constructor(private readonly row: StreamsTable) {
    this.said = new StreamedText(row.text);
    this.dueAt = row.due_at;
  }

  get id(): string {
    return this.row.id;
  }

  get facts(): StreamFacts {
    return streamFacts(this.row);
  }

  /** Puts off the moment at which it ends by itself. */
  touch(nowMs: number): void {
    this.dueAt = endOfStream(this.row.created_at, nowMs);
    this.isDirty = true;
  }
}

/** The open streams that were appended to on this node. */
@Injectable()
export class OpenStreams {
  private readonly streams = new Map<string, OpenStream>();

  get(streamId: string): OpenStream | undefined {
    return this.streams.get(streamId);
  }

  get count(): number {
    return this.streams.size;
  }

  all(): Iterable<OpenStream> {
    return this.streams.values();
  }

  /**
   * The stream of an open row, as it was held here or as the row has it. What is held is right unless the row says
   * something else: then another node went on with it.
   */
  hold(row: StreamsTable): OpenStream {
    const held = this.streams.get(row.id);
    if (held?.said.text.startsWith(row.text) === true) return held;
    if (held) this.drop(held.id);
    const stream = new OpenStream(row);
    this.streams.set(row.id, stream);
    return stream;
  }

  /** What was said so far, of an open row. */
  textOf(row: StreamsTable): string {
    const held = this.streams.get(row.id)?.said.text;
    return held?.startsWith(row.text) === true ? held : row.text;
  }

  /** Whether one of this user's in this room is held. */
  holds(roomId: string, senderId: string): boolean {
    return [...this.all()].some(({ facts }) => facts.roomId === roomId && facts.senderId === senderId);
  }

  /** Forgets a stream that is no more, or that went on elsewhere. */
  drop(streamId: string): void {
    const stream = this.streams.get(streamId);
    if (!stream) return;
    stream.isClosed = true;
    this.streams.delete(streamId);
  }
}
