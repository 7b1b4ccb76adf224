/** What a fault breaks, and so as what the model must see it. */
export type Area = 'rights' | 'seq' | 'unread' | 'dedupe' | 'delete' | 'sync' | 'pushes' | 'search';

/** A fault planted into a copy of the compiled service. */
export interface Fault {
  readonly name: string;
  readonly area: Area;
  /** Stands once in all of `src/features/chat`, compiled. */
  readonly find: string;
  readonly replace: string;
  /** Draws steps that lead to it soon. */
  readonly seed: number;
  /** Where a disagreement shows that it is this fault which was found. */
  readonly shows: RegExp;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'any member deletes what others have sent',
    area: 'rights',
    find: "message.sender_id !== deletion.actorId && !hasRank(member.role, 'admin')",
    replace: 'false',
    seed: 1,
    shows: /^message\.delete\.(code|reply)/,
  },
  {
    name: 'an admin removes another admin',
    area: 'rights',
    find: 'const refusal = target && refuseRank(authority.member, target);',
    replace: 'const refusal = undefined;',
    seed: 1,
    shows: /^room\.remove\.(code|reply)/,
  },
  {
    name: 'a number of the log is skipped',
    area: 'seq',
    find: 'room.head += 1;',
    replace: "room.head += event.type === 'reaction.added' ? 2 : 1;",
    seed: 1,
    shows: /seq|head|^push room\.event missing/,
  },
  {
    name: 'mentions are not counted from the position on',
    area: 'unread',
    find: 'mentions: mentions.get(row.id) ?? 0',
    replace: 'mentions: 0',
    seed: 1,
    shows: /mentions/,
  },
  {
    name: 'thread replies are unread in the room',
    area: 'unread',
    find: "send.threadSeq === null ? 'root message' : 'reply'",
    replace: "'root message'",
    seed: 1,
    shows: /unread/,
  },
  {
    name: 'another text under the same clientId is taken for a repetition',
    area: 'dedupe',
    find: 'first.request_hash === null || first.request_hash === send.requestHash',
    replace: 'true',
    seed: 1,
    shows: /^message\.send\.(code|reply)/,
  },
  {
    name: 'a room is created again under its clientId',
    area: 'dedupe',
    find: 'const repeated = clientId === null ? undefined : work.creation(actorId, clientId);',
    replace: 'const repeated = undefined;',
    seed: 1,
    shows: /^room\.create/,
  },
  {
    name: 'a deleted message keeps its reactions and its pin',
    area: 'delete',
    find: 'work.marks.erase(place);',
    replace: '',
    seed: 1,
    shows: /reactions|^message\.(pins|unpin|history|get)/,
  },
  {
    name: 'a deleted reply is still counted',
    area: 'delete',
    find: 'if (root) work.countReply(root, -1);',
    replace: '',
    seed: 1,
    shows: /replyCount/,
  },
  {
    name: 'what was said last is missing from what is caught up',
    area: 'sync',
    find: 'const until = Math.min(after + limit, head);',
    replace: 'const until = Math.min(after + limit, Math.max(head - 1, after + 1));',
    seed: 1,
    shows: /^room\.sync/,
  },
  {
    name: 'a room that one has left is not named',
    area: 'sync',
    find: 'filter((roomId)=>gone.has(roomId))',
    replace: 'filter(()=>false)',
    seed: 1,
    shows: /^room\.sync\.reply\.removed/,
  },
  {
    name: 'a ban is told as a mere removal',
    area: 'pushes',
    find: "if (event['banned'] === true) return 'banned';",
    replace: '',
    seed: 1,
    shows: /^push room\.removed/,
  },
  {
    name: 'who is removed stays subscribed',
    area: 'pushes',
    find: 'if (isRemoval) this.leave(user, change, connections);',
    replace: '',
    seed: 1,
    shows: /^push room\.(event undue|removed missing)/,
  },
  {
    name: 'the last word of a query must be whole',
    area: 'search',
    find: "isPrefix: isLast && run.kind === 'spaced'",
    replace: 'isPrefix: false',
    seed: 1,
    shows: /^message\.search/,
  },
];
