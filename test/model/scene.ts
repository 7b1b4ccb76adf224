import type { Step } from './steps.js';
import type { ModelMessage, ModelRoom, World } from './rules/index.js';

/** Nobody and nothing has this id. */
export const NOBODY = '01890000-0000-7000-8000-000000000000';

const EMOJI = ['👍', '🌳', '🎉'];
const WORDS = ['apple', 'apricot', 'bird', 'boat', 'cloud'];

/** What a step finds when it is its turn. */
export class Scene {
  readonly callerId: string;
  private readonly userIds: readonly string[];

  constructor(
    private readonly world: World,
    readonly step: Step,
    /** Begins every username and the name of every room. */
    readonly tag: string,
  ) {
    this.userIds = [...world.users.keys()];
    this.callerId = this.userIds[step.by] ?? NOBODY;
  }

  get variant(): number {
    return this.step.variant;
  }

  /** Mostly one in which the caller may do it, or else is at least a member; sometimes any. */
  get room(): ModelRoom | undefined {
    const rooms = [...this.world.rooms.values()];
    const own = rooms.filter(({ members }) => members.has(this.callerId));
    const ruled = own.filter(({ members }) => members.get(this.callerId)?.role !== 'member');
    const wanted = FOR_ADMINS.has(this.step.name) && ruled.length > 0 ? ruled : own;
    return nth(this.step.room % 3 === 2 || wanted.length === 0 ? rooms : wanted, this.step.room);
  }

  get roomId(): string {
    return this.room?.id ?? NOBODY;
  }

  /** Somebody, the caller included, or nobody. */
  get userId(): string {
    return this.userIds[this.step.who] ?? NOBODY;
  }

  /** Mostly another member of the room. */
  get memberId(): string {
    const others = [...(this.room?.members.keys() ?? [])].filter((id) => id !== this.callerId);
    return this.step.place % 4 === 3 ? this.userId : (nth(others, this.step.who) ?? this.userId);
  }

  /** The users whose bit is set, perhaps with nobody among them. */
  get someIds(): string[] {
    const bits = this.step.place % 16;
    const some = this.userIds.filter((_, index) => (bits >> index) % 2 === 1);
    return this.step.place % 11 === 10 ? [...some, NOBODY] : some;
  }

  /** Mostly a message's, now and then any of the log or beyond. */
  get seq(): number {
    const { place } = this.step;
    const any = (place % ((this.room?.log.length ?? 0) + 2)) + 1;
    return place % 5 === 4 ? any : (nth([...(this.room?.messages.keys() ?? [])], place) ?? any);
  }

  /** What the caller has sent in the room. */
  get own(): readonly ModelMessage[] {
    const messages = [...(this.room?.messages.values() ?? [])];
    return messages.filter(({ senderId }) => senderId === this.callerId);
  }

  get text(): string {
    return this.step.words.map((word) => this.word(word)).join(' ');
  }

  get query(): string {
    const [first = 0, second] = this.step.words;
    const word = WORDS[first % WORDS.length] ?? '';
    return second === undefined ? word.slice(0, 2) : `${this.word(second).replace('@', '')} ${word}`;
  }

  get emoji(): string {
    return EMOJI[this.variant % EMOJI.length] ?? '';
  }

  private word(index: number): string {
    const user = this.userIds[index - WORDS.length];
    return WORDS[index] ?? (user === undefined ? `@${this.tag}nobody` : this.nameOf(user));
  }

  private nameOf(userId: string): string {
    return `@${this.world.users.get(userId)?.username}`;
  }
}

const FOR_ADMINS: ReadonlySet<string> = new Set([
  'room.update',
  'room.archive',
  'room.remove',
  'room.unban',
  'room.role',
  'room.silence',
  'message.pin',
  'message.unpin',
]);

/** The one at this index, or at that of its remainder. */
export const nth = <T>(list: readonly T[], index: number): T | undefined =>
  list[index % Math.max(1, list.length)];
