import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type Cancel, TopicBus } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { type BlockListener, type BlockPair, Blocks } from './blocks.js';
import { store as blocksStore } from './blocks.store.js';

const CHANNEL = 'auth:blocks';

/** Asks the database, and carries changes to every node. */
@Injectable()
export class StoredBlocks extends Blocks implements OnModuleInit, OnModuleDestroy {
  private readonly listeners = new Set<BlockListener>();
  private stop: Cancel | undefined;

  constructor(
    @InjectStore(blocksStore) private readonly store: Store<typeof blocksStore>,
    private readonly bus: TopicBus,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    this.stop = await this.bus.subscribe(CHANNEL, (message) => this.tell(message as BlockPair));
  }

  onModuleDestroy(): void {
    this.stop?.();
  }

  async among(pairs: readonly BlockPair[]): Promise<BlockPair[]> {
    return pairs.length === 0 ? [] : await this.store.among(pairs);
  }

  async against(blockedIds: readonly string[]): Promise<BlockPair[]> {
    return blockedIds.length === 0 ? [] : await this.store.against(blockedIds);
  }

  observe(listener: BlockListener): Cancel {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Here at once, whatever the bus does; elsewhere as soon as the bus brings it there. */
  announce(pair: BlockPair): void {
    this.tell(pair);
    this.bus.publish(CHANNEL, pair);
  }

  private tell(pair: BlockPair): void {
    for (const listener of this.listeners) listener(pair);
  }
}
