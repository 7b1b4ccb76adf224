import { expect, it } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import { openSharedRedis } from '../support/servers/shared-redis.js';

it('ends the start without a Redis with the address and the mend, and no password', async () => {
  const port = await freePort();
  const failure = await openSharedRedis(`redis://ann:hidden@127.0.0.1:${port}/1`).catch(String);
  expect(failure).toMatch(new RegExp(`Redis at 127\\.0\\.0\\.1:${port} .*ECONNREFUSED.*set REDIS_URL`));
  expect(failure).not.toContain('hidden');
});
