/** A message that someone does something to. */
export interface Targeted {
  readonly roomId: string;
  readonly actorId: string;
  /** The message. */
  readonly seq: number;
}

/** Replaces a message's text. */
export interface EditMessage extends Targeted {
  readonly change: 'edit';
  readonly text: string;
  /** Users named in the text; those of them who are members are mentioned. */
  readonly namedIds: readonly string[];
}

/** Erases a message's content. */
export interface DeleteMessage extends Targeted {
  readonly change: 'delete';
}

export interface ReactToMessage extends Targeted {
  readonly change: 'react' | 'unreact';
  readonly emoji: string;
}

export interface PinMessage extends Targeted {
  readonly change: 'pin' | 'unpin';
}

/** What can be done to a message after it was sent. */
export type LifecycleChange = EditMessage | DeleteMessage | ReactToMessage | PinMessage;

const CHANGES: ReadonlySet<string> = new Set<LifecycleChange['change']>([
  'edit',
  'delete',
  'react',
  'unreact',
  'pin',
  'unpin',
]);

/** Whether the change is one of these. */
export function isLifecycle<Other extends { readonly change: string }>(
  change: Other,
): change is Extract<Other, LifecycleChange> {
  return CHANGES.has(change.change);
}
