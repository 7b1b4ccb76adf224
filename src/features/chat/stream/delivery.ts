import type { Cancel, Clock, Topics, TopicBus } from '../../../realtime/index.js';
import type { LogNews, LogReader, RoomEvent } from '../log/index.js';
import { LogComparison, MembershipComparison } from './comparison/index.js';
import { FrameCache } from './room/index.js';
import type { MembershipChanges } from './membership-changes.js';
import { MembershipFollower } from './membership-follower.js';
import { RoomStreams, type StreamServices } from './room/index.js';
import { type AttachmentServices, StreamAttachment } from './stream-attachment.js';

export interface DeliveryServices {
  readonly clock: Clock;
  readonly log: LogReader;
  readonly news: LogNews;
  readonly bus: TopicBus;
  readonly topics: Topics;
  readonly membershipChanges: MembershipChanges;
  /** Told of each event, once it was pushed. */
  readonly onEvent?: (event: RoomEvent) => void;
  readonly onSignal?: NonNullable<StreamServices['onSignal']>;
  readonly onPosition?: NonNullable<AttachmentServices['onPosition']>;
  /** `roomId` is `*` when the trouble is not one room's. */
  readonly onTrouble: (roomId: string, error: unknown) => void;
}

/** The delivery of this node, put together: streams, who is attached to them, and who comes and goes. */
export class Delivery {
  readonly streams: RoomStreams;
  readonly attachment: StreamAttachment;
  readonly comparison: LogComparison;
  private readonly cache = new FrameCache();
  private readonly cancelGap: Cancel;

  constructor(services: DeliveryServices) {
    const follower = new MembershipFollower({
      ...services,
      streams: () => this.streams,
      user: (userId) => this.attachment.user(userId),
      onPast: (changes) => services.membershipChanges.announce(changes),
    });
    this.streams = new RoomStreams({
      ...services,
      cache: this.cache,
      onEvent: (_stream, event) => {
        const changes = follower.follow(event);
        if (changes.length > 0) services.membershipChanges.announce(changes);
        services.onEvent?.(event);
      },
    });
    this.attachment = new StreamAttachment({ ...services, streams: this.streams, follower });
    this.comparison = new LogComparison({
      ...services,
      streams: this.streams,
      memberships: new MembershipComparison(services.news, this.attachment, (userIds) =>
        services.membershipChanges.announceMissed(userIds),
      ),
      onTrouble: (error) => services.onTrouble('*', error),
    });
    // What was lost meanwhile the comparisons have found, up to the last one.
    this.cancelGap = services.bus.onGap(() => this.comparison.compareSoon());
  }

  /** Forgets all that was followed: what is followed from now on begins where the store is. Who is connected must come again. */
  beginAnew(): void {
    this.streams.endAll();
    this.cache.clear();
    this.comparison.beginAnew();
  }

  stop(): void {
    this.cancelGap();
    this.comparison.stop();
    this.streams.stop();
  }
}
