/* @one-node Each node answers for itself. */

import { describe, expect, it } from '@jest/globals';
import { Draining } from '../../realtime/index.js';
import { Database } from '../../storage/index.js';
import { startServer } from '../../testing/index.js';

describe('health', () => {
  it('is live and ready while all is well', async () => {
    const server = await startServer();
    for (const path of ['/health/live', '/health/ready']) {
      await expect(server.http.get(path)).resolves.toMatchObject({ status: 200, body: { status: 'up' } });
    }
    await server.close();
  });

  it('is live but not ready while it drains', async () => {
    const server = await startServer();
    server.get(Draining).isDraining = true;
    await expect(server.http.get('/health/live')).resolves.toMatchObject({ status: 200 });
    await expect(server.http.get('/health/ready')).resolves.toMatchObject({
      status: 503,
      body: { status: 'down', down: ['draining'] },
    });
    await server.close();
  });

  it('is live but not ready while the store cannot store', async () => {
    const server = await startServer();
    await server.get(Database).stop();
    await expect(server.http.get('/health/live')).resolves.toMatchObject({ status: 200 });
    await expect(server.http.get('/health/ready')).resolves.toMatchObject({
      status: 503,
      body: { status: 'down', down: ['store'] },
    });
    await server.close();
  });
});
