import { Injectable } from '@nestjs/common';
import { TopicBus } from '../../../realtime/index.js';
import {
  type MembershipChanged,
  membersIn,
  roomChannel,
  type RoomCommitted,
  type RoomEvent,
  userChannel,
} from '../records/index.js';
import type { Outcome } from './append/index.js';
import { EventMeter } from './commit/event-meter.js';
import { Outbox } from './outbox.js';

/** Tells whom it concerns of what was committed: the rooms, the users who came and went, and the outbox's consumers. */
@Injectable()
export class LogPublisher {
  constructor(
    private readonly bus: TopicBus,
    readonly outbox: Outbox,
    private readonly meter: EventMeter,
  ) {}

  /** Publishes the events of a commit in their order, each once, and gives them. */
  publish(outcomes: readonly Outcome[]): readonly RoomEvent[] {
    const byRoom = eventsByRoom(outcomes);
    for (const [roomId, events] of byRoom) {
      this.bus.publish(roomChannel(roomId), { events } satisfies RoomCommitted);
    }
    const all = [...byRoom.values()].flat();
    for (const event of all) this.publishMembership(event);
    this.outbox.filled(all);
    this.meter.stored(all);
    return all;
  }

  private publishMembership(event: RoomEvent): void {
    const { roomId, seq } = event;
    const message: MembershipChanged = { type: 'membership', roomId, seq };
    for (const userId of membersIn(event)) this.bus.publish(userChannel(userId), message);
  }
}

/** Several outcomes may give the same event, each when it is the last one of its room. */
function eventsByRoom(outcomes: readonly Outcome[]): Map<string, RoomEvent[]> {
  const byRoom = new Map<string, RoomEvent[]>();
  for (const outcome of outcomes) {
    for (const event of outcome.outcome === 'stored' ? outcome.events : []) {
      const events = byRoom.get(event.roomId) ?? [];
      byRoom.set(event.roomId, events);
      if (events.at(-1)?.seq !== event.seq) events.push(event);
    }
  }
  return byRoom;
}
