import type { Change } from '../change.js';

type ChangeOf<Kind extends Change['change']> = Extract<Change, { change: Kind }>;

/** A message as it must be, worked out without a database. */
export interface ModelMessage {
  readonly seq: number;
  readonly senderId: string;
  readonly threadSeq: number | null;
  text: string;
  mentions: string[];
  isDeleted: boolean;
  /** By emoji, in the order in which each came to be there: who reacted so. */
  reactions: Map<string, Set<string>>;
}

const ADMINS: ReadonlySet<string> = new Set(['ann']);

/** A group of ann, who owns it, bob and cay, and what becomes of its messages. */
export class ModelGroup {
  readonly members = new Set(['ann', 'bob', 'cay']);
  readonly messages = new Map<number, ModelMessage>();
  /** The pinned messages, the newest pin last. */
  pins: number[] = [];
  head = 3;

  /** The type of the event that the change appends, `nothing`, or the code it is refused with. */
  apply(change: Change): string {
    if (!this.members.has(String(change.actorId))) return 'NOT_FOUND';
    if (change.change === 'send') return this.send(change);
    if (!('seq' in change)) throw new Error(`no "${change.change}" in the model`);
    const message = this.messages.get(change.seq);
    if (!message) return 'NOT_FOUND';
    const outcome = this.change(message, change);
    const isEvent = outcome.includes('.');
    if (isEvent) this.head += 1;
    if (outcome === 'pin.added') this.pins.push(message.seq);
    return outcome;
  }

  replyCount(root: ModelMessage): number {
    const replies = [...this.messages.values()].filter(({ threadSeq }) => threadSeq === root.seq);
    return replies.filter(({ isDeleted }) => !isDeleted).length;
  }

  mentionsOf(userId: string, after: number): number {
    const later = [...this.messages.values()].filter(({ seq }) => seq > after);
    return later.filter(({ mentions }) => mentions.includes(userId)).length;
  }

  private send({ actorId, text, threadSeq, namedIds }: ChangeOf<'send'>): string {
    const root = threadSeq === null ? undefined : this.messages.get(threadSeq);
    if (threadSeq !== null && root?.threadSeq !== null) return 'VALIDATION_FAILED';
    this.head += 1;
    const mentions = this.mentioned(namedIds);
    const rest = { threadSeq, text, mentions, isDeleted: false, reactions: new Map<string, Set<string>>() };
    this.messages.set(this.head, { seq: this.head, senderId: actorId, ...rest });
    return 'message';
  }

  private change(message: ModelMessage, change: Change): string {
    switch (change.change) {
      case 'edit':
        return this.edit(message, change);
      case 'delete':
        return this.delete(message, change);
      case 'react':
      case 'unreact':
        return this.react(message, change);
      case 'pin':
      case 'unpin':
        return this.pin(message, change);
      default:
        throw new Error(`no "${change.change}" in the model`);
    }
  }

  private edit(message: ModelMessage, { actorId, text, namedIds }: ChangeOf<'edit'>): string {
    if (message.senderId !== actorId) return 'FORBIDDEN';
    if (message.isDeleted) return 'CONFLICT';
    if (message.text === text) return 'nothing';
    Object.assign(message, { text, mentions: this.mentioned(namedIds) });
    return 'message.edited';
  }

  private delete(message: ModelMessage, { actorId }: ChangeOf<'delete'>): string {
    if (message.senderId !== actorId && !ADMINS.has(actorId)) return 'FORBIDDEN';
    if (message.isDeleted) return 'nothing';
    Object.assign(message, { text: '', mentions: [], isDeleted: true, reactions: new Map() });
    this.pins = this.pins.filter((seq) => seq !== message.seq);
    return 'message.deleted';
  }

  private react(message: ModelMessage, { change, actorId, emoji }: ChangeOf<'react' | 'unreact'>): string {
    if (message.isDeleted) return 'CONFLICT';
    const users = message.reactions.get(emoji) ?? new Set<string>();
    if (users.has(actorId) === (change === 'react')) return 'nothing';
    if (change === 'react') message.reactions.set(emoji, users.add(actorId));
    else if (users.delete(actorId) && users.size === 0) message.reactions.delete(emoji);
    return change === 'react' ? 'reaction.added' : 'reaction.removed';
  }

  private pin({ seq, isDeleted }: ModelMessage, { change, actorId }: ChangeOf<'pin' | 'unpin'>): string {
    if (!ADMINS.has(actorId)) return 'FORBIDDEN';
    if (change === 'pin' && isDeleted) return 'CONFLICT';
    if (this.pins.includes(seq) === (change === 'pin')) return 'nothing';
    if (change === 'pin') return 'pin.added';
    this.pins = this.pins.filter((pinned) => pinned !== seq);
    return 'pin.removed';
  }

  private mentioned(namedIds: readonly string[]): string[] {
    return namedIds.filter((userId) => this.members.has(userId));
  }
}
