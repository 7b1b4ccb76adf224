import { Injectable, Logger } from '@nestjs/common';
import { InjectStore, type Store } from '../../../../storage/index.js';
import { streamsStore } from '../../log/index.js';
import { type OpenStream, OpenStreams } from '../open/open-streams.js';

/** Writes what was appended to the streams' rows. */
@Injectable()
export class StreamCheckpoints {
  private readonly logger = new Logger(StreamCheckpoints.name);
  private saving: Promise<void> | undefined;

  constructor(
    @InjectStore(streamsStore) private readonly store: Store<typeof streamsStore>,
    private readonly open: OpenStreams,
  ) {}

  /** Writes what is new, after what is being written already. */
  async save(): Promise<void> {
    await this.saving;
    this.saving = this.write([...this.open.all()].filter(({ isDirty }) => isDirty));
    await this.saving;
  }

  /** Writes what is new for the last time. */
  async finish(): Promise<void> {
    await this.save();
    for (const { id } of this.open.all()) this.open.drop(id);
  }

  private async write(streams: readonly OpenStream[]): Promise<void> {
    if (streams.length === 0) return;
    for (const stream of streams) stream.isDirty = false;
    const checkpoints = streams.map(({ id, said, dueAt }) => ({ id, text: said.text, dueAt }));
    try {
      for (const id of await this.store.checkpoint(checkpoints)) this.open.drop(id);
    } catch (err) {
      for (const stream of streams) stream.isDirty = true;
      this.logger.warn({ msg: 'streams were not written; the next time all of it is', err });
    }
  }
}
