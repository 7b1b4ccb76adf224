import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Cancel, Clock, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { streamsStore } from '../log/index.js';
import type { StreamsTable } from '../records/index.js';
import { type MembershipChange, MembershipChanges } from '../stream/index.js';
import { type OpenStream, OpenStreams } from './open/open-streams.js';
import { StreamEnds } from './stream-ends.js';
import { StreamPushes } from './stream-pushes.js';

/** What was appended is written so often, so that with the write itself a crash costs less than a second of it. */
const CHECKPOINT_MS = 500;
const SWEEP_MS = 1000;
/** Rows that one sweep sees to at most. */
const BATCH = 100;
/** A node that appends to a stream writes its row often: one that it does not hold itself has others this long to do so. */
const OTHERS_MS = 3000;

/**
 * Looks after the streams: writes what was appended, ends those whose time is over, aborts those whose sender may speak no
 * longer, and tells of those that were cut off. Any node can do all of it for any stream.
 */
@Injectable()
export class StreamKeeper implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(StreamKeeper.name);
  private cancels: readonly Cancel[] = [];
  private saving: Promise<void> | undefined;
  private sweeping: Promise<void> | undefined;
  private isSweepDue = false;

  constructor(
    @InjectStore(streamsStore) private readonly store: Store<typeof streamsStore>,
    private readonly open: OpenStreams,
    private readonly ends: StreamEnds,
    private readonly pushes: StreamPushes,
    private readonly memberships: MembershipChanges,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.cancels = [
      this.clock.every(CHECKPOINT_MS, () => void this.save()),
      this.clock.every(SWEEP_MS, () => this.sweepSoon()),
      this.memberships.observe((changes) => {
        if (changes.some((change) => this.cutsOff(change))) this.sweepSoon();
      }),
    ];
  }

  /** Nothing that was said is lost by an orderly stop. */
  async onApplicationShutdown(): Promise<void> {
    for (const cancel of this.cancels) cancel();
    await this.sweeping;
    await this.save();
    this.open.clear();
  }

  /** Sweeps now, or once more when the sweep that is under way is over. */
  sweepSoon(): void {
    this.isSweepDue = true;
    this.sweeping ??= this.sweepAll();
  }

  private cutsOff({ roomId, userId, removal }: MembershipChange): boolean {
    if (removal === undefined) return false;
    return [...this.open.all()].some(({ facts }) => facts.roomId === roomId && facts.senderId === userId);
  }

  private async save(): Promise<void> {
    await this.saving;
    this.saving = this.checkpoint([...this.open.all()].filter(({ isDirty }) => isDirty));
    await this.saving;
  }

  private async checkpoint(streams: readonly OpenStream[]): Promise<void> {
    if (streams.length === 0) return;
    for (const stream of streams) stream.isDirty = false;
    const checkpoints = streams.map(({ id, said, dueAt }) => ({ id, text: said.text, dueAt }));
    try {
      for (const id of await this.store.checkpoint(checkpoints)) this.ends.release(id);
    } catch (err) {
      for (const stream of streams) stream.isDirty = true;
      this.logger.warn({ msg: 'streams were not written; the next time all of it is', err });
    }
  }

  private async sweepAll(): Promise<void> {
    try {
      while (this.isSweepDue) {
        this.isSweepDue = false;
        await this.sweep();
      }
    } catch (err) {
      this.logger.warn({ msg: 'streams were not looked after; the next sweep tries again', err });
    }
    this.sweeping = undefined;
  }

  private async sweep(): Promise<void> {
    const held = [...this.open.all()];
    const due = await this.store.due({ nowMs: this.clock.now(), limit: BATCH });
    const open = new Set(due.open);
    for (const { id } of held) if (!open.has(id)) this.ends.release(id);
    for (const { room_id, id } of due.unwelcome) await this.abort(room_id, id);
    for (const row of due.expired) await this.expire(row);
    for (const row of due.unannounced) await this.pushes.close(row, null);
    const announced = due.unannounced.map(({ id }) => id);
    if (announced.length + due.spent.length > 0) await this.store.settle({ announced, spent: due.spent });
  }

  private async abort(roomId: string, streamId: string): Promise<void> {
    await this.ends.abort(roomId, streamId, null);
    this.isSweepDue = true;
  }

  /** Whoever abandons a stream has said what is there; one without a word was nothing. */
  private async expire(row: StreamsTable): Promise<void> {
    const held = this.open.get(row.id);
    const nowMs = this.clock.now();
    if (held?.isEnding === true || nowMs < (held?.dueAt ?? row.due_at + OTHERS_MS)) return;
    const text = this.open.textOf(row);
    if (text === '') return await this.abort(row.room_id, row.id);
    try {
      await this.ends.end(row, text);
    } catch (error) {
      // What the sender may not say any more is not said for them; a fault of ours is tried again.
      if (!(error instanceof RealtimeError)) throw error;
      await this.abort(row.room_id, row.id);
    }
  }
}
