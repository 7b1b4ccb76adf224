import type { Batch, Change, Outcome } from '../../../src/features/chat/log/append/change.js';
import {
  addMembers,
  createRoom,
  joinRoom,
  leaveRoom,
} from '../../../src/features/chat/log/append/membership-rules.js';
import { sendMessage } from '../../../src/features/chat/log/append/message-rules.js';
import { removeMember } from '../../../src/features/chat/log/append/administration/removal-rules.js';
import { Workspace } from '../../../src/features/chat/log/append/workspace.js';
import {
  eventView,
  type MembersTable,
  type MessagesTable,
  type RoomEvent,
  type RoomEventsTable,
  type RoomsTable,
} from '../../../src/features/chat/records/index.js';

interface StoredRoom {
  row: RoomsTable;
  readonly events: RoomEventsTable[];
  readonly members: Map<string, MembersTable>;
  readonly messages: Map<number, MessagesTable>;
}

/**
 * What the database holds: the rows of the rooms, and the rules of the append, which are the service's own. Each batch is
 * performed at one moment, as behind the locks of the rooms that it is about.
 */
export class Tables {
  readonly rooms = new Map<string, StoredRoom>();
  /** All events of all rooms, in the order in which they were committed. */
  readonly commits: RoomEvent[] = [];
  /** Told of each user who comes into a room or leaves one. */
  onMoved: (userId: string) => void = () => undefined;
  private readonly sent = new Map<string, MessagesTable>();
  /** Commits whose nodes have given up waiting; whoever wants their rooms' locks waits for them. */
  private readonly late = new Set<() => void>();
  private last: Promise<unknown> = Promise.resolve();

  /** Performs a batch, as `append` of the store does. */
  append(batch: Batch): Promise<Outcome[]> {
    for (const finish of this.late) finish();
    return this.alone(batch);
  }

  /** A commit that nobody waits for any more: it is done now or before the next one. */
  appendLate(batch: Batch): () => void {
    const finish = (): void => {
      if (this.late.delete(finish)) void this.alone(batch);
    };
    this.late.add(finish);
    return finish;
  }

  head(roomId: string): number {
    return this.rooms.get(roomId)?.row.head ?? 0;
  }

  member(roomId: string, userId: string): MembersTable | undefined {
    return this.rooms.get(roomId)?.members.get(userId);
  }

  owner(roomId: string): string | undefined {
    const members = this.rooms.get(roomId)?.members.values() ?? [];
    return [...members].find(({ role }) => role === 'owner')?.user_id;
  }

  roomsOf(userId: string): string[] {
    return [...this.rooms].filter(([, { members }]) => members.has(userId)).map(([roomId]) => roomId);
  }

  share(one: string, other: string): boolean {
    return one === other || this.roomsOf(one).some((roomId) => this.member(roomId, other) !== undefined);
  }

  events(roomId: string, after: number, until = Infinity): RoomEvent[] {
    const room = this.rooms.get(roomId);
    const rows = room?.events.slice(after, Math.min(until, room.events.length)) ?? [];
    return rows.map((row) =>
      eventView(row, row.message_seq === null ? undefined : room?.messages.get(row.message_seq)),
    );
  }

  /** The message that a sender stored with this `clientId`, if there is one. */
  protected sentBefore(roomId: string, senderId: string, clientId: string): MessagesTable | undefined {
    return this.sent.get([roomId, senderId, clientId].join('\0'));
  }

  /** The rules wait for nothing but each other: a batch is done in the turn in which it began. */
  private alone(batch: Batch): Promise<Outcome[]> {
    const performed = this.last.then(async () => this.perform(batch));
    this.last = performed.catch(() => undefined);
    return performed;
  }

  private async perform(batch: Batch): Promise<Outcome[]> {
    const work = new Workspace(batch.nowMs, batch.interests, batch.sizes);
    for (const change of batch.changes) this.know(work, change);
    const outcomes: Outcome[] = [];
    for (const change of batch.changes) outcomes.push(await this.change(work, change));
    this.write(work);
    return outcomes;
  }

  private know(work: Workspace, change: Change): void {
    const room = this.rooms.get(change.roomId);
    if (room === undefined || work.room(change.roomId) !== undefined) return this.knowSent(work, change);
    work.knowRoom({ ...room.row });
    for (const member of room.members.values()) work.knowMember({ ...member });
    this.knowSent(work, change);
  }

  private knowSent(work: Workspace, change: Change): void {
    if (change.change !== 'send') return;
    const first = this.sentBefore(change.roomId, change.actorId, change.clientId);
    if (first !== undefined) work.knowMessage({ ...first });
  }

  private async change(work: Workspace, change: Change): Promise<Outcome> {
    switch (change.change) {
      case 'create':
        return createRoom(work, change);
      case 'join':
        return joinRoom(work, change);
      case 'add':
        return addMembers(work, change);
      case 'remove':
        return removeMember(work, change);
      case 'send':
        return sendMessage(work, change);
      case 'leave':
        return await leaveRoom(work, change, (leaver) => Promise.resolve(this.successorOf(work, leaver)));
      default:
        throw new Error(`the simulation knows no ${change.change}`);
    }
  }

  private successorOf(
    work: Workspace,
    { room_id: roomId, user_id: leaver }: MembersTable,
  ): MembersTable | undefined {
    this.write(work);
    const others = [...(this.rooms.get(roomId)?.members.values() ?? [])].filter(
      ({ user_id }) => user_id !== leaver,
    );
    const [successor] = others.toSorted((one, other) => one.joined_seq - other.joined_seq);
    if (successor !== undefined) work.knowMember({ ...successor });
    return successor && work.member(roomId, successor.user_id);
  }

  private write(work: Workspace): void {
    const pending = work.takePending();
    for (const { room_id, user_id } of pending.leavers) {
      this.rooms.get(room_id)?.members.delete(user_id);
      this.onMoved(user_id);
    }
    for (const row of pending.rooms) this.writeRoom(row);
    for (const row of pending.events) {
      this.rooms.get(row.room_id)?.events.push({ ...row });
      this.commits.push(eventView(row));
    }
    for (const row of pending.members) this.writeMember({ ...row });
    for (const row of pending.messages) this.writeMessage({ ...row });
  }

  private writeRoom(row: RoomsTable): void {
    const room = this.rooms.get(row.id) ?? { row, events: [], members: new Map(), messages: new Map() };
    room.row = { ...row };
    this.rooms.set(row.id, room);
  }

  private writeMember(row: MembersTable): void {
    const members = this.rooms.get(row.room_id)?.members;
    if (members?.has(row.user_id) === false) this.onMoved(row.user_id);
    members?.set(row.user_id, row);
  }

  private writeMessage(row: MessagesTable): void {
    this.rooms.get(row.room_id)?.messages.set(row.seq, row);
    this.sent.set([row.room_id, row.sender_id, row.client_id].join('\0'), row);
  }
}
