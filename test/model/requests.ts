import type { ModelMessage, RequestName } from './rules/index.js';
import { nth, type Scene } from './scene.js';

const LATER = '2099-01-01T00:00:00.000Z';

type Data = Record<string, unknown>;

/** A request that names a room alone. */
const ofRoom = ({ roomId }: Scene): Data => ({ roomId });
const ofMember = ({ roomId, memberId }: Scene): Data => ({ roomId, userId: memberId });
const ofMessage = ({ roomId, seq }: Scene): Data => ({ roomId, seq });
const ofReaction = ({ roomId, seq, emoji }: Scene): Data => ({ roomId, seq, emoji });
const ofUser = ({ userId }: Scene): Data => ({ userId });
const page = ({ variant }: Scene): Data => (variant % 2 === 0 ? {} : { limit: (variant % 3) + 1 });

/** Makes the request's `data`, as it goes over the wire. `room.sync` also needs to know the device. */
export const REQUESTS: Record<Exclude<RequestName, 'room.sync'>, (scene: Scene) => Data> = {
  'room.create': creation,
  'room.get': ofRoom,
  'room.list': page,
  'room.discover': (scene) => ({ query: scene.tag, ...page(scene) }),
  'room.members': (scene) => ({ ...ofRoom(scene), ...page(scene) }),
  'room.update': (scene) => ({
    ...ofRoom(scene),
    ...(scene.variant % 3 !== 0 && { name: `${scene.tag} ${scene.variant % 4}` }),
    ...(scene.variant % 2 === 0 && { topic: scene.text }),
  }),
  'room.archive': ofRoom,
  'room.join': ofRoom,
  'room.leave': ofRoom,
  'room.add': (scene) => ({
    ...ofRoom(scene),
    userIds: scene.someIds.length > 0 ? scene.someIds : [scene.userId],
  }),
  'room.remove': (scene) => ({ ...ofMember(scene), ...(scene.variant % 3 === 0 && { ban: true }) }),
  'room.unban': ({ roomId, userId }) => ({ roomId, userId }),
  'room.role': (scene) => ({ ...ofMember(scene), role: ['member', 'admin', 'owner'][scene.variant % 3] }),
  'room.silence': (scene) => ({ ...ofMember(scene), seconds: scene.variant % 2 === 0 ? 0 : 3600 }),
  'room.mute': (scene) => ({
    ...ofRoom(scene),
    ...[{}, { until: null }, { until: LATER }][scene.variant % 3],
  }),
  'message.send': sending,
  'message.edit': ({ roomId, seq, text, own, step: { place, variant } }) => ({
    roomId,
    seq: variant % 4 === 0 ? seq : (nth(own, place)?.seq ?? seq),
    text,
  }),
  'message.delete': ofMessage,
  'message.react': ofReaction,
  'message.unreact': ofReaction,
  'message.pin': ofMessage,
  'message.unpin': ofMessage,
  'message.read': (scene) => ({
    roomId: scene.roomId,
    seq: scene.seq + (scene.variant % 4 === 0 ? 3 : 0),
    ...(scene.variant % 3 === 0 && { threadSeq: threadOf(scene) }),
  }),
  'message.receipts': ofMessage,
  'message.get': ofMessage,
  'message.pins': (scene) => ({ ...ofRoom(scene), ...page(scene) }),
  'message.history': (scene) => ({
    ...ofRoom(scene),
    ...[{}, { before: scene.seq }, { after: scene.seq - 1 }, { around: scene.seq }][scene.variant % 4],
    ...(scene.variant % 5 === 0 && { threadSeq: threadOf(scene) }),
    limit: (scene.step.place % 6) + 1,
  }),
  'message.search': (scene) => ({
    query: scene.query,
    ...page(scene),
    ...(scene.variant % 3 === 0 && { roomId: scene.roomId }),
    ...(scene.variant % 5 === 0 && { senderId: scene.userId }),
  }),
  'user.block': ofUser,
  'user.unblock': ofUser,
  'user.blocks': () => ({}),
};

function creation(scene: Scene): Data {
  const { variant, tag, someIds, userId } = scene;
  const kind = ['group', 'channel', 'direct'][variant % 3];
  return {
    kind,
    ...(kind !== 'direct' && { name: `${tag} ${variant}` }),
    ...(kind !== 'direct' && variant % 2 === 0 && { topic: scene.text }),
    memberIds: kind === 'direct' ? [userId] : someIds,
    ...(variant % 4 === 0 && { clientId: `room-id-${variant}` }),
  };
}

/** Every fourth one repeats what the caller sent before, every eighth with another text. */
function sending(scene: Scene): Data {
  const { variant, roomId } = scene;
  const again = nth(scene.own, scene.step.place);
  if (variant % 4 === 0 && again) return { roomId, ...repeated(again, variant % 8 === 0) };
  return {
    roomId,
    text: scene.text,
    // Few enough that one is now and then used in two rooms, or for two messages.
    clientId: `client-id-${scene.step.place}-${variant % 6}`,
    ...(variant % 5 === 1 && { replyTo: scene.seq }),
    ...(variant % 3 === 1 && { threadSeq: threadOf(scene) }),
    ...(variant % 7 === 0 && { meta: { variant, nested: [null, 'x', { y: 1.5 }] } }),
  };
}

function repeated({ clientId, said }: ModelMessage, isOther: boolean): Data {
  const [text, replyTo, threadSeq] = JSON.parse(said) as [string, number | null, number | null];
  return {
    clientId,
    text: isOther ? `${text}!` : text,
    ...(replyTo !== null && { replyTo }),
    ...(threadSeq !== null && { threadSeq }),
  };
}

/** Mostly a root's, so that threads come to be. */
function threadOf({ room, seq, step }: Scene): number {
  const roots = [...(room?.messages.values() ?? [])].filter(({ threadSeq }) => threadSeq === null);
  return step.place % 7 === 6 ? seq : (nth(roots.slice(0, 2), step.place)?.seq ?? seq);
}
