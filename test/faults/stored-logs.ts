import pg from 'pg';
import type { StoredEvent } from '../checker/index.js';

/** What the database holds, read past the service. */
export async function storedLogs(url: string): Promise<Map<string, StoredEvent[]>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<EventRow>(
      `select e.room_id, e.seq::int as seq, e.type, e.body, m.sender_id, m.client_id, m.text
         from room_events e left join messages m on m.room_id = e.room_id and m.seq = e.seq
        order by e.room_id, e.seq`,
    );
    const logs = new Map<string, StoredEvent[]>();
    for (const row of rows) logs.set(row.room_id, [...(logs.get(row.room_id) ?? []), eventOf(row)]);
    return logs;
  } finally {
    await client.end();
  }
}

interface EventRow {
  readonly room_id: string;
  readonly seq: number;
  readonly type: string;
  readonly body: string | null;
  readonly sender_id: string | null;
  readonly client_id: string;
  readonly text: string;
}

function eventOf({ room_id: room, seq, type, body, ...row }: EventRow): StoredEvent {
  const { userId } = JSON.parse(body ?? '{}') as { userId?: string };
  const message =
    row.sender_id === null ? undefined : { senderId: row.sender_id, clientId: row.client_id, text: row.text };
  return { room, seq, type, ...(userId !== undefined && { userId }), ...(message && { message }) };
}
