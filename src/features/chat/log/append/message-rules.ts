import {
  type AttachmentsTable,
  type AttachmentView,
  eventView,
  type MessagesTable,
  type MessageView,
  messageView,
  type RoomEventsTable,
} from '../../records/index.js';
import { refuseSilenced } from './administration/silence-rules.js';
import { attachmentsFor, nameAttachments } from './attachments/attachment-rules.js';
import { refuseBlocked } from './blocks/block-rules.js';
import type { Outcome, Refused, SendMessage, Stored } from './change.js';
import { mentionedIn, refuseMentions } from './mentions.js';
import { type Standing, writerIn } from './standing.js';
import type { Workspace } from './workspace.js';

const STREAMED: Refused = {
  outcome: 'refused',
  code: 'CONFLICT',
  message: 'a stream is open with this clientId',
};

/** Stores a message, once: a repeated send finds the first one whatever has become of its sender's rights. */
export function sendMessage(work: Workspace, send: SendMessage): Outcome {
  const first = work.sent(send.roomId, send.actorId, send.clientId);
  if (first) return repeated(work, first, send);
  if (work.streams.isOpen(send.roomId, send.actorId, send.clientId)) return STREAMED;
  const standing = writerOf(work, send.roomId, send.actorId);
  if ('outcome' in standing) return standing;
  const refusal = refuseReferences(work, send) ?? refuseMentions(work, send);
  if (refusal) return refusal;
  const attached = attachmentsFor(work, send);
  if ('outcome' in attached) return attached;
  return storeMessage(work, standing, send, attached);
}

/** The actor as one who may say something in the room, or why not. */
export function writerOf(work: Workspace, roomId: string, actorId: string): Standing | Refused {
  const standing = writerIn(work, roomId, actorId);
  if ('outcome' in standing) return standing;
  return refuseSilenced(work, roomId, actorId) ?? refuseBlocked(work, standing.room, actorId) ?? standing;
}

/** Gives a message the next place in its room's log; that it may have it was found before. */
export function storeMessage(
  work: Workspace,
  { room, member }: Standing,
  send: SendMessage,
  attached: readonly AttachmentsTable[],
): Outcome {
  const carries = send.threadSeq === null ? 'root message' : 'reply';
  const event = work.append(room, { type: 'message', actorId: send.actorId, carries });
  const mentioned = mentionedIn(work, send);
  const views = nameAttachments(work, attached, event.seq);
  const message = messageRow(send, event, mentioned, views);
  work.addMessage(message, mentioned);
  work.changeMember(member, { read_seq: event.seq, read_ordinal: event.ordinal });
  const root = send.threadSeq === null ? undefined : work.message(room.id, send.threadSeq);
  if (root) work.countReply(root);
  return storedMessage(event, message);
}

/** The outcome of a message that was stored just now. */
export function storedMessage(event: RoomEventsTable, message: MessagesTable): Stored {
  const stored = eventView(event, message);
  return {
    outcome: 'stored',
    roomId: event.room_id,
    duplicate: false,
    events: [stored],
    // Nobody has done anything to it yet: its sender sees what everyone sees.
    message: stored['message'] as MessageView,
  };
}

function repeated(work: Workspace, first: MessagesTable, send: SendMessage): Outcome {
  const isSame = first.request_hash === null || first.request_hash === send.requestHash;
  if (!isSame) {
    return { outcome: 'refused', code: 'CONFLICT', message: 'another message was sent with this clientId' };
  }
  return {
    outcome: 'stored',
    roomId: first.room_id,
    duplicate: true,
    events: [],
    message: messageView(
      first,
      work.marks.reactionsFor(send.actorId, { room_id: first.room_id, message_seq: first.seq }),
    ),
  };
}

/** Refuses to refer to what is no message of the room. */
export function refuseReferences(
  work: Workspace,
  { roomId, replyTo, threadSeq }: Pick<SendMessage, 'roomId' | 'replyTo' | 'threadSeq'>,
): Refused | undefined {
  if (replyTo !== null && !work.message(roomId, replyTo)) return wrong('replyTo', 'must name a message');
  if (threadSeq === null) return undefined;
  const root = work.message(roomId, threadSeq);
  return root?.thread_seq === null ? undefined : wrong('threadSeq', 'must name a message outside of threads');
}

function wrong(path: string, rule: string): Refused {
  return { outcome: 'refused', code: 'VALIDATION_FAILED', message: rule, path };
}

export function messageRow(
  send: SendMessage,
  { seq, at }: RoomEventsTable,
  mentioned: readonly string[],
  attachments: readonly AttachmentView[],
): MessagesTable {
  return {
    room_id: send.roomId,
    seq,
    id: send.id,
    sender_id: send.actorId,
    client_id: send.clientId,
    request_hash: send.requestHash,
    text: send.text,
    created_at: at,
    edited_at: null,
    deleted_at: null,
    reply_to: send.replyTo,
    thread_seq: send.threadSeq,
    reply_count: 0,
    mentions: JSON.stringify(mentioned),
    meta: send.meta,
    attachments: JSON.stringify(attachments),
  };
}
