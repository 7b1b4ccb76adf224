/** One emoji's reactions to a message; `mine` only in answers, which are made for one reader. */
export interface ReactionView {
  readonly emoji: string;
  readonly count: number;
  readonly mine?: boolean;
}

/** A file that a message names. */
export interface AttachmentView {
  readonly id: string;
  readonly name: string;
  /** Found in the content, never taken from the name. */
  readonly mimeType: string;
  readonly bytes: number;
}

/** A message, as the wire has it. A tombstone has `text: ""`, empty lists, `meta: null` and `deletedAt`. */
export interface MessageView {
  readonly id: string;
  readonly roomId: string;
  readonly seq: number;
  readonly senderId: string;
  readonly text: string;
  readonly clientId: string;
  readonly createdAt: string;
  readonly editedAt: string | null;
  readonly deletedAt: string | null;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  readonly replyCount: number;
  readonly mentions: readonly string[];
  readonly attachments: readonly AttachmentView[];
  readonly reactions: readonly ReactionView[];
  readonly meta: object | null;
}
