import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PresenceFacts } from '../../src/features/presence/state/index.js';
import { PresenceFeed } from '../../src/features/presence/watch/index.js';
import { MemoryTopicBus } from '../../src/realtime/fanout/topic-bus.memory.js';
import { ManualClock } from '../../src/testing/index.js';
import { RecordedConnection } from '../stream/recorded-connection.js';

const ROOM = 'room';
/** Longer than changes are gathered. */
const SOON_MS = 100;

/** Ann watches the room that hal is in; who may see him is the test's to say. */
class Watching {
  readonly clock = new ManualClock();
  readonly ann = new RecordedConnection('ann', 'ann');
  status: 'online' | 'dnd' = 'online';
  mayAnnSee = true;
  /** Runs at the next look at what the database has of hal. */
  meanwhile: () => void = () => undefined;
  private readonly bus = new MemoryTopicBus();
  readonly feed = new PresenceFeed({
    clock: this.clock,
    bus: this.bus,
    facts: async (userIds) => Promise.resolve(this.facts(userIds)),
    liveness: {
      of: async () => Promise.resolve(new Map()),
      keep: () => undefined,
      forget: () => undefined,
      look: async () => Promise.resolve(),
    },
    changes: async () => Promise.resolve([]),
    visibility: {
      visibleTo: async (_, userIds) => Promise.resolve(new Set(this.mayAnnSee ? userIds : [])),
      viewersOf: async (_, userIds) => Promise.resolve(new Set(this.mayAnnSee ? userIds : [])),
    },
    onTrouble: (error) => {
      throw error;
    },
  });

  async begin(): Promise<void> {
    this.feed.watches.watchRoom(this.ann, ROOM);
    const watch = this.feed.watches.begin(this.ann, 'hal');
    watch.roomIds.add(ROOM);
    await this.feed.open(this.ann, [watch]);
  }

  /** Hal chooses it, and leaves the room while the feed reads what he has chosen. */
  async leaveAfterChoosing(status: 'online' | 'dnd'): Promise<void> {
    this.choose(status);
    this.meanwhile = () => {
      this.meanwhile = () => undefined;
      this.leave();
    };
    await this.clock.advance(SOON_MS);
    await this.clock.advance(SOON_MS);
  }

  choose(status: 'online' | 'dnd'): void {
    this.status = status;
    this.bus.publish('presence:hal', {});
  }

  leave(): void {
    this.feed.follow({ roomId: ROOM, userId: 'hal', hasLeft: true });
  }

  /** Each status of hal's that ann was pushed. */
  pushed(): unknown[] {
    return this.ann.received.map(({ data }) => (data as { status: string }).status);
  }

  private facts(userIds: readonly string[]): Map<string, PresenceFacts> {
    this.meanwhile();
    const facts = { choice: { status: this.status, text: null, untilMs: null }, lastSeenMs: null };
    return new Map(userIds.map((userId) => [userId, { userId, liveness: 'active', ...facts }]));
  }
}

describe('a watch by room, once the user has left the room', () => {
  let watching: Watching;

  beforeEach(async () => {
    watching = new Watching();
    await watching.begin();
    watching.choose('dnd');
    await watching.clock.advance(SOON_MS);
    expect(watching.pushed()).toEqual(['dnd']);
  });

  it('tells nothing more of one whom the watcher may still see', async () => {
    await watching.leaveAfterChoosing('online');
    expect(watching.pushed()).toEqual(['dnd']);
    expect(watching.feed.watches.isWatched('hal')).toBe(false);
  });

  it('says that there is no more to be seen of one whom the watcher may not see now', async () => {
    watching.mayAnnSee = false;
    await watching.leaveAfterChoosing('online');
    expect(watching.pushed()).toEqual(['dnd', 'offline']);
    expect(watching.feed.watches.isWatched('hal')).toBe(false);
  });

  it('goes on for one who was named as well', async () => {
    for (const watch of watching.feed.watches.on('hal')) watch.isNamed = true;
    await watching.leaveAfterChoosing('online');
    expect(watching.pushed()).toEqual(['dnd', 'online']);
  });
});
