import { membersIn, type RoomEvent } from '../../../src/features/chat/records/room-event.js';
import { Broken } from './broken.js';

/** A push of the moment, with the head that the log had when it was made. */
export interface MomentPush {
  readonly roomId: string;
  readonly madeAt: number;
}

export interface Standing {
  readonly connectionId: string;
  readonly userId: string;
  readonly roomId: string;
  readonly stored: (seq: number) => RoomEvent | undefined;
}

/** What one connection has been told of one room: held against the contract with every frame. */
export class RoomStanding {
  private isJoinDue = false;
  private isRemovalDue = false;
  private leftSeq: number | undefined;

  /** `position` is the last `seq` that the client has; undefined while the room is not the user's. */
  constructor(
    private readonly standing: Standing,
    public position: number | undefined,
  ) {}

  onAdded(head: number): void {
    if (this.position !== undefined) this.fail('added twice');
    this.position = head - 1;
    this.isJoinDue = true;
  }

  onRemoved(): void {
    if (!this.isRemovalDue) this.fail('removed without the own leaving');
    this.leftSeq = this.position;
    this.isRemovalDue = false;
    this.position = undefined;
  }

  onEvent(event: RoomEvent): void {
    const { position } = this;
    if (position === undefined || this.isRemovalDue)
      this.fail(`event ${event.seq} of a room that is not theirs`);
    if (event.seq !== position + 1) this.fail(`event ${event.seq} after ${position}`);
    if (JSON.stringify(this.standing.stored(event.seq)) !== JSON.stringify(event)) {
      throw new Broken('nothing invented', `${this.name}: event ${event.seq} differs from the log`);
    }
    const isOwn = membersIn(event).includes(this.standing.userId);
    if (this.isJoinDue && !isOwn) this.fail('the own joining is not first');
    this.isRemovalDue = isOwn && !this.isJoinDue;
    this.isJoinDue = false;
    this.position = event.seq;
  }

  onMoment({ madeAt }: MomentPush): void {
    const { position, leftSeq } = this;
    if (position !== undefined && madeAt > position)
      this.leak(`a push made at ${madeAt} came at ${position}`);
    if (position === undefined && leftSeq === undefined) this.leak('a push of a room that is not theirs');
    if (position === undefined && leftSeq !== undefined && madeAt >= leftSeq) {
      this.leak(`a push made at ${madeAt} came after their leaving at ${leftSeq}`);
    }
  }

  private get name(): string {
    const { connectionId, userId, roomId } = this.standing;
    return `${connectionId} of ${userId} in ${roomId}`;
  }

  private leak(message: string): never {
    throw new Broken('leak', `${this.name}: ${message}`);
  }

  private fail(message: string): never {
    throw new Broken('order', `${this.name}: ${message}`);
  }
}
