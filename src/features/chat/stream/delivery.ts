import type { Clock, Topics, TopicBus } from '../../../realtime/index.js';
import type { LogReader } from '../log/index.js';
import { FrameCache } from './room/index.js';
import type { MembershipChanges } from './membership-changes.js';
import { MembershipFollower } from './membership-follower.js';
import { RoomStreams } from './room/index.js';
import { StreamAttachment } from './stream-attachment.js';

export interface DeliveryServices {
  readonly clock: Clock;
  readonly log: LogReader;
  readonly bus: TopicBus;
  readonly topics: Topics;
  readonly membershipChanges: MembershipChanges;
  /** `roomId` is `*` when the trouble is not one room's. */
  readonly onTrouble: (roomId: string, error: unknown) => void;
}

/** The delivery of this node, put together: streams, who is attached to them, and who comes and goes. */
export class Delivery {
  readonly streams: RoomStreams;
  readonly attachment: StreamAttachment;

  constructor(services: DeliveryServices) {
    const follower = new MembershipFollower({
      ...services,
      streams: () => this.streams,
      user: (userId) => this.attachment.user(userId),
    });
    this.streams = new RoomStreams({
      ...services,
      cache: new FrameCache(),
      onEvent: (_stream, event) => {
        const changes = follower.follow(event);
        if (changes.length > 0) services.membershipChanges.announce(changes);
      },
    });
    this.attachment = new StreamAttachment({ ...services, streams: this.streams, follower });
  }

  stop(): void {
    this.streams.stop();
  }
}
