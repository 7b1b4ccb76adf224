import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../../../storage/testing.js';
import { chatMigrations } from '../records/index.js';

let bed: TestDatabase;

beforeAll(async () => {
  bed = await openTestDatabase({ migrations: chatMigrations, store: 'embedded' });
});
afterAll(() => bed.close());

async function plan(sql: string): Promise<string> {
  const [rows = []] = await bed.database.read([{ sql: `explain query plan ${sql}`, parameters: [] }]);
  return rows.map((row) => String(row['detail'])).join('; ');
}

describe('the indexes of attachments', () => {
  it.each<[string, string]>([
    ["select id from attachments where state = 'released' order by id limit 100", 'attachments_released'],
    [
      "select * from attachments where message_seq is null and created_at <= 1 and state = 'kept'",
      'attachments_unnamed',
    ],
    ["select * from attachments where room_id = 'r' and message_seq = 1", 'attachments_named'],
    ['select * from upload_days where day < 1', 'upload_days_day'],
  ])('serve %s by %s', async (sql, index) => {
    expect(await plan(sql)).toMatch(new RegExp(`^SEARCH .*USING (COVERING )?INDEX ${index}\\b`));
  });
});
