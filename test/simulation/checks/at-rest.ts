import type { Device, Session } from '../world/device.js';
import type { World } from '../world/world.js';
import type { Send } from './sends.js';
import { Broken } from './broken.js';

/** What must be so once everything has healed and nothing happens any more. */
export function checkAtRest(world: World): void {
  world.sends.check(world.tables);
  for (const device of world.devices) {
    if (device.session === undefined) continue;
    checkHeads(world, device, device.session);
    checkCopies(world, device);
    checkAnswers(device);
  }
  world.presence.check();
  for (const name of world.ending) throw new Broken('end', `${name} was asked to end and has not`);
}

function checkHeads({ tables }: World, { userId, isReady }: Device, { rooms, connection }: Session): void {
  if (!isReady) throw new Broken('head', `${connection.id} never became ready`);
  const due = new Set(tables.roomsOf(userId));
  for (const roomId of due) {
    const [position, head] = [rooms.get(roomId)?.position, tables.head(roomId)];
    if (position !== head) {
      throw new Broken(
        'head',
        `${connection.id} of ${userId} is at ${position} of ${roomId}, whose head is ${head}`,
      );
    }
  }
  for (const [roomId, { position }] of rooms) {
    const isExtra = position !== undefined && !due.has(roomId);
    if (isExtra)
      throw new Broken('head', `${connection.id} of ${userId} is in ${roomId}, which is not theirs`);
  }
}

/** Nothing is wrong any more: whoever asks again is told that it is stored, or why it will not be. */
function checkAnswers({ name, userId, pending, isReady }: Device): void {
  const isOpen = ({ seqs, attempts }: Send): boolean => seqs.length === 0 && !isRefused(attempts.at(-1));
  const open = isReady ? pending.find(isOpen) : undefined;
  if (open === undefined) return;
  const outcome = open.attempts.at(-1)?.outcome;
  throw new Broken('answered', `${name} of ${userId}: ${open.clientId} in ${open.roomId} is ${outcome}`);
}

const isRefused = (attempt: Send['attempts'][number] | undefined): boolean => attempt?.outcome === 'refused';

function checkCopies({ tables }: World, { userId, name, copies }: Device): void {
  for (const roomId of tables.roomsOf(userId)) {
    const missing = copies.missing(roomId, tables.head(roomId));
    if (missing !== undefined)
      throw new Broken('union', `${name} of ${userId} never got ${missing} of ${roomId}`);
  }
}
