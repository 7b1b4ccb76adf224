import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startServer } from '../../testing/index.js';

describe('presence over a restart of the service', () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-'));
  });

  afterAll(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  it('keeps what was chosen, and when users were last seen', async () => {
    const before = await startServer({ dataDir, env: { DRAIN_MS: '500' } });
    const ann = await before.connect('restart-ann');
    const bob = await before.connect('restart-bob');
    const annId = (ann.ready['user'] as Json)['id'];
    const bobId = (bob.ready['user'] as Json)['id'];
    await ann.request('room.create', { kind: 'group', name: 'us', memberIds: [bobId] });
    await ann.request('presence.set', { status: 'dnd', text: 'busy' });
    const startedMs = Date.now();
    await before.close();

    const after = await startServer({ dataDir, env: { DRAIN_MS: '500' } });
    const again = await after.connect('restart-ann');
    const { presences } = await again.request('presence.get', { userIds: [annId, bobId] });
    const [own, other] = presences as [Json, Json];
    expect(own).toMatchObject({ status: 'dnd', text: 'busy' });
    expect(other).toMatchObject({ status: 'offline', text: null });
    expect(Date.parse(String(other['lastSeenAt']))).toBeGreaterThanOrEqual(startedMs);
    await after.close();
  });
});
