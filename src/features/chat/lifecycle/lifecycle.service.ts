import { Injectable } from '@nestjs/common';
import { Appending, type UserActor } from '../../../realtime/index.js';
import { Users } from '../../auth/index.js';
import { LogWriter, type MessageView } from '../log/index.js';
import { namedIds } from '../messages/index.js';

/** Names a message. */
export interface MessagePlace {
  readonly roomId: string;
  readonly seq: number;
}

type Submission = Parameters<LogWriter['submit']>[0];

/** Does to messages what can be done to them after they were sent. */
@Injectable()
export class LifecycleService {
  constructor(
    private readonly log: LogWriter,
    private readonly users: Users,
  ) {}

  async edit({ userId }: UserActor, place: MessagePlace, text: string) {
    const named = await namedIds(this.users, text);
    const change = { ...place, change: 'edit', actorId: userId, text, namedIds: named } as const;
    return this.submit(change, (message) => ({ message }));
  }

  delete({ userId }: UserActor, place: MessagePlace) {
    return this.submit({ ...place, change: 'delete', actorId: userId }, () => ({}));
  }

  /** Adds the caller's reaction or takes it back; the reply has all reactions as they are now. */
  react({ userId }: UserActor, change: 'react' | 'unreact', reaction: MessagePlace & { emoji: string }) {
    return this.submit({ ...reaction, change, actorId: userId }, ({ reactions }) => ({ reactions }));
  }

  pin({ userId }: UserActor, change: 'pin' | 'unpin', place: MessagePlace) {
    return this.submit({ ...place, change, actorId: userId }, () => ({}));
  }

  private submit<Reply extends object>(
    change: Submission,
    replyWith: (message: MessageView) => Reply,
  ): Appending<Reply> {
    const { admitted, committed } = this.log.submit(change);
    const reply = committed.then(({ message }) => {
      if (!message) throw new Error('a message was changed without its view');
      return replyWith(message);
    });
    return new Appending(admitted, reply);
  }
}
