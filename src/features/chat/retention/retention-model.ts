interface ModelEvent {
  readonly type: string;
  readonly day: number;
  /** The message that the event shows. */
  readonly shows?: number;
}

interface ModelMessage {
  readonly by: string;
  readonly threadSeq: number | null;
  text: string;
  isDeleted: boolean;
  hasReaction: boolean;
}

/** A group of ann and bob whose oldest events are dropped, worked out without a database: the floor is a number. */
export class ModelRoom {
  floor = 1;
  private readonly events: ModelEvent[] = [
    { type: 'member.joined', day: 0 },
    { type: 'member.joined', day: 0 },
  ];
  private readonly sent = new Map<number, ModelMessage>();
  private readonly readSeqs = new Map([
    ['ann', 1],
    ['bob', 2],
  ]);

  constructor(readonly roomId: string) {}

  get head(): number {
    return this.events.length;
  }

  /** When the event was appended; never, if it was not. */
  dayOf(seq: number): number {
    return this.events[seq - 1]?.day ?? Infinity;
  }

  /** Undefined for a message below the floor. */
  textOf(seq: number): string | undefined {
    return this.at(seq)?.text;
  }

  /** The new message's seq; undefined when its thread has no root. */
  send(by: string, text: string, threadSeq: number | null, day: number): number | undefined {
    if (threadSeq !== null && this.at(threadSeq)?.threadSeq !== null) return undefined;
    const seq = this.head + 1;
    this.events.push({ type: 'message', day, shows: seq });
    this.sent.set(seq, { by, text, threadSeq, isDeleted: false, hasReaction: false });
    this.read(by, seq);
    return seq;
  }

  /** Does something to a message as its sender; `stored`, or what it is refused with. */
  touch(seq: number, what: 'edit' | 'delete' | 'react', day: number, text: string): string {
    const message = this.at(seq);
    if (!message) return 'NOT_FOUND';
    if (message.isDeleted) return what === 'delete' ? 'stored' : 'CONFLICT';
    this.change(seq, message, { what, day, text });
    return 'stored';
  }

  private change(
    seq: number,
    message: ModelMessage,
    { what, day, text }: { what: 'edit' | 'delete' | 'react'; day: number; text: string },
  ): void {
    if (what === 'edit' && text !== message.text) {
      message.text = text;
      this.events.push({ type: 'message.edited', day, shows: seq });
    } else if (what === 'delete') {
      Object.assign(message, { text: '', isDeleted: true, hasReaction: false });
      this.events.push({ type: 'message.deleted', day });
    } else if (what === 'react' && !message.hasReaction) {
      message.hasReaction = true;
      this.events.push({ type: 'reaction.added', day });
    }
  }

  read(userId: string, seq: number): void {
    this.readSeqs.set(userId, Math.max(this.readSeqs.get(userId) ?? 0, seq));
  }

  /** The events that are kept. */
  kept(): [number, string][] {
    return this.keptEvents().map(([seq, { type }]) => [seq, type]);
  }

  /** The messages that they show, those below the floor as deleted ones. */
  shown(): object[] {
    return this.keptEvents().flatMap(([, { shows }]) => {
      if (shows === undefined) return [];
      const message = this.at(shows);
      const isDeleted = message?.isDeleted ?? true;
      return [{ seq: shows, text: message?.text ?? '', isDeleted }];
    });
  }

  /** What a history shows: seq, text, reactions. */
  messages(): [number, string, number][] {
    return this.keptMessages().map(([seq, { text, hasReaction }]) => [seq, text, hasReaction ? 1 : 0]);
  }

  found(word: string): number[] {
    return this.keptMessages().flatMap(([seq, { text }]) => (text.includes(word) ? [seq] : []));
  }

  positionOf(userId: string): { readSeq: number; unread: number; mentions: number } {
    const readSeq = this.readSeqs.get(userId) ?? 0;
    const unread = this.keptMessages().filter(([seq]) => seq > readSeq);
    return {
      readSeq,
      unread: unread.filter(([, { threadSeq }]) => threadSeq === null).length,
      mentions: unread.filter(([, { text }]) => text.includes(`@${userId}`)).length,
    };
  }

  private at(seq: number): ModelMessage | undefined {
    return seq < this.floor ? undefined : this.sent.get(seq);
  }

  private keptEvents(): [number, ModelEvent][] {
    return this.events.map((event, index): [number, ModelEvent] => [index + 1, event]).slice(this.floor - 1);
  }

  private keptMessages(): [number, ModelMessage][] {
    return [...this.sent].filter(([seq]) => seq >= this.floor);
  }
}
