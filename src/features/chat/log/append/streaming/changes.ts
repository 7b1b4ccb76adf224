/** Begins to say a message little by little. */
export interface StartStream {
  readonly change: 'stream.start';
  readonly roomId: string;
  readonly actorId: string;
  /** The new stream's id. */
  readonly streamId: string;
  readonly clientId: string;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  /** JSON. */
  readonly meta: string | null;
}

/** Makes a message of a stream. What the stream was begun with is its own, whatever is said here. */
export interface EndStream {
  readonly change: 'stream.end';
  readonly roomId: string;
  readonly actorId: string;
  /** The stream's id, which the message keeps. */
  readonly id: string;
  readonly clientId: string;
  /** Tells a later send under the same `clientId` from this message. */
  readonly requestHash: string;
  /** The whole text. */
  readonly text: string;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  /** Users named in the text; those of them who are members are mentioned. */
  readonly namedIds: readonly string[];
  /** For an end by time: when the stream was to end by itself. One that was put off since goes on. */
  readonly dueAt?: number;
}

export interface AbortStream {
  readonly change: 'stream.abort';
  readonly roomId: string;
  /** Null: the service, which may abort any. */
  readonly actorId: string | null;
  readonly streamId: string;
  /** As in `EndStream`. */
  readonly dueAt?: number;
}

/** What can be done to messages that are said little by little, beside saying more. */
export type StreamChange = StartStream | EndStream | AbortStream;

/** Whether the change is one of these. */
export function isStreaming<Other extends { readonly change: string }>(
  change: Other,
): change is Extract<Other, StreamChange> {
  return change.change.startsWith('stream.');
}
