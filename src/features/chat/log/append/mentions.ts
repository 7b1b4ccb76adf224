import type { Workspace } from './workspace.js';

/** Mentions of one message; those named first count. */
const MAX_MENTIONS = 50;

/** Those of the users named in a text whom it mentions: members of the room. */
export function mentionedIn(
  work: Workspace,
  { roomId, namedIds }: { readonly roomId: string; readonly namedIds: readonly string[] },
): string[] {
  return namedIds.filter((userId) => work.member(roomId, userId)).slice(0, MAX_MENTIONS);
}
