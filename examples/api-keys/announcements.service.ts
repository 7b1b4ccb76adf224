import { Injectable } from '@nestjs/common';
import { RoomLog, type UserActor } from 'parley';

@Injectable()
export class AnnouncementsService {
  constructor(private readonly log: RoomLog) {}

  /** A guard has asked before; `require` holds also against one who loses the role at this very moment. */
  async make(actor: UserActor, roomId: string, text: string) {
    const type = 'announcement.made';
    const append = this.log.append({ roomId, actor, type, body: { text }, require: 'admin' });
    const { event } = await append.committed;
    return { event };
  }
}
