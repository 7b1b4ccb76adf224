import type { LogReader } from '../../log/index.js';

/** Whether the event is below the room's floor: then nobody can be brought up from before it. */
export async function isDropped(log: LogReader, roomId: string, seq: number): Promise<boolean> {
  const facts = await log.roomFacts(roomId);
  return facts !== undefined && seq < facts.floor;
}
