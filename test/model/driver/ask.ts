import { RequestFailed, type TestClient } from 'parley/testing';
import type { Json } from './disagreement.js';

/** How the service answered: by a failure's code, or by a reply. */
export type Answer = { readonly code: string } | { readonly reply: Json };

/** Lists that go on by `nextCursor`: what of the answer is put together over the pages. */
const LISTS: Readonly<Record<string, string>> = {
  'room.list': 'rooms',
  'room.discover': 'rooms',
  'room.members': 'members',
  'room.sync': 'rooms',
  'message.pins': 'messages',
  'message.receipts': 'readBy',
  'message.search': 'hits',
  'user.blocks': 'users',
};

/** More pages than any list here has: one that does not end is a fault too. */
const MOST_PAGES = 200;

/** Asks the service; of a list, for all its pages. */
export async function ask(client: TestClient, event: string, data: object): Promise<Answer> {
  try {
    return { reply: await whole(client, event, data) };
  } catch (error) {
    if (error instanceof RequestFailed) return { code: error.code };
    throw error;
  }
}

async function whole(client: TestClient, event: string, data: object): Promise<Json> {
  const list = LISTS[event];
  const reply = await client.request(event, data);
  if (list === undefined) return reply;
  const items = [...(reply[list] as unknown[])];
  let cursor = reply['nextCursor'] as string | null | undefined;
  for (let pages = 1; typeof cursor === 'string' && pages < MOST_PAGES; pages++) {
    const page = await client.request(event, { ...data, cursor });
    items.push(...(page[list] as unknown[]));
    cursor = page['nextCursor'] as string | null | undefined;
  }
  const { nextCursor: _, ...rest } = reply;
  return { ...rest, [list]: items };
}
