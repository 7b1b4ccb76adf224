import type { Refused } from './change.js';
import type { Workspace } from './workspace.js';

/** Mentions of one message. */
const MAX_MENTIONS = 50;

const TOO_MANY: Refused = {
  outcome: 'refused',
  code: 'VALIDATION_FAILED',
  message: `must name at most ${MAX_MENTIONS} members of the room`,
  path: 'text',
};

/** Whom a text names, to whichever room it goes. */
interface Naming {
  readonly roomId: string;
  readonly namedIds: readonly string[];
}

/** Those of the users named in a text whom it mentions: members of the room. Of too many the first ones count. */
export function mentionedIn(work: Workspace, naming: Naming): string[] {
  return membersNamed(work, naming).slice(0, MAX_MENTIONS);
}

/** Refuses a text that names more members than one message may. */
export function refuseMentions(work: Workspace, naming: Naming): Refused | undefined {
  return membersNamed(work, naming).length > MAX_MENTIONS ? TOO_MANY : undefined;
}

function membersNamed(work: Workspace, { roomId, namedIds }: Naming): string[] {
  return namedIds.filter((userId) => work.member(roomId, userId));
}
