import { Inject, Injectable } from '@nestjs/common';
import { Cursors, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { type User, Users } from '../../auth/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import type { RoomRole } from '../log/index.js';
import { fitting, iso } from '../records/index.js';
import { DEFAULT_PAGE, type Page } from './page.js';
import { type MemberPlace, type MemberRow, store as roomsStore } from './rooms.store.js';

const CURSORS = new Cursors<[number, string]>('room.members', ['number', 'string']);

export interface MemberView {
  readonly user: User;
  readonly role: RoomRole;
  readonly joinedAt: string;
}

/** Shows who is in a room. */
@Injectable()
export class MembersService {
  constructor(
    @InjectStore(roomsStore) private readonly store: Store<typeof roomsStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly users: Users,
  ) {}

  /** The room's members, the longest-standing first; for members only. */
  async list({ userId }: UserActor, roomId: string, { cursor, limit = DEFAULT_PAGE }: Page) {
    const place = cursor === undefined ? null : placeOf(roomId, cursor);
    const rows = await this.store.members({ roomId, userId, place, limit });
    if (rows === null) throw notFound('room');
    const members = fitting(await this.views(rows.slice(0, limit)), this.settings.maxAnswerBytes);
    const last = rows[members.length - 1];
    const isWhole = members.length === rows.length || !last;
    return { members, nextCursor: isWhole ? null : CURSORS.write([roomId], [last.joined_seq, last.user_id]) };
  }

  private async views(rows: readonly MemberRow[]): Promise<MemberView[]> {
    const users = await this.users.byIds(rows.map(({ user_id }) => user_id));
    const byId = new Map(users.map((user) => [user.id, user]));
    return rows.map(({ user_id, role, joined_at }) => {
      const user = byId.get(user_id);
      if (!user) throw new Error('a member is no known user');
      return { user, role, joinedAt: iso(joined_at) };
    });
  }
}

function placeOf(roomId: string, cursor: string): MemberPlace {
  const [joinedSeq, userId] = CURSORS.read([roomId], cursor);
  return { joinedSeq, userId };
}
