import { Inject, Injectable } from '@nestjs/common';
import { Clock, Cursors, invalid, notFound, type UserActor } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { isId } from '../accounts/names.js';
import type { User } from '../accounts/user.js';
import { AUTH_SETTINGS, type AuthSettings } from '../auth.settings.js';
import type { BlockPair } from './blocks.js';
import { store as blocksStore } from './blocks.store.js';
import { StoredBlocks } from './stored-blocks.js';

/** Blocked users of one answer, if their bytes allow. */
const MOST_USERS = 1000;

const CURSORS = new Cursors<[string]>('user.blocks', ['string']);

export interface BlockedUsers {
  readonly users: readonly User[];
  /** Only there when the list goes on. */
  readonly nextCursor?: string;
}

/** Lets users block each other. */
@Injectable()
export class BlocksService {
  constructor(
    @InjectStore(blocksStore) private readonly store: Store<typeof blocksStore>,
    private readonly blocks: StoredBlocks,
    private readonly clock: Clock,
    @Inject(AUTH_SETTINGS) private readonly settings: AuthSettings,
  ) {}

  /** Blocking again changes nothing. `NOT_FOUND`: no such user; `VALIDATION_FAILED`: the caller. */
  async block(actor: UserActor, userId: string): Promise<void> {
    const pair = pairOf(actor, userId);
    if (!(await this.store.block({ ...pair, nowMs: this.clock.now() }))) throw notFound('user');
    this.blocks.announce(pair);
  }

  /** Unblocking one who is not blocked changes nothing. Errors as with `block`. */
  async unblock(actor: UserActor, userId: string): Promise<void> {
    const pair = pairOf(actor, userId);
    if (!(await this.store.unblock(pair))) throw notFound('user');
    this.blocks.announce(pair);
  }

  /** Whom the caller has blocked, in the order of their ids. */
  async list({ userId }: UserActor, cursor?: string): Promise<BlockedUsers> {
    const [after] = cursor === undefined ? [''] : CURSORS.read([], cursor);
    const { users, isWhole } = await this.store.blockedBy({
      blockerId: userId,
      after,
      limit: MOST_USERS,
      maxBytes: this.settings.maxAnswerBytes,
    });
    const last = users.at(-1);
    return isWhole || !last ? { users } : { users, nextCursor: CURSORS.write([], [last.id]) };
  }
}

/** What could be nobody's id is unknown, and not every text can be asked of a database. */
function pairOf({ userId: blockerId }: UserActor, blockedId: string): BlockPair {
  if (!isId(blockedId)) throw notFound('user');
  if (blockedId === blockerId) throw invalid('userId', 'must be another user');
  return { blockerId, blockedId };
}
