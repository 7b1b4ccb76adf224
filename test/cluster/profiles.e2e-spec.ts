import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestClient } from 'parley/testing';
import { ProfileComparison } from '../../src/features/auth/profiles/profile-comparison.js';
import { describeWith, POSTGRES, REDIS } from '../support/tools.js';
import { NodePair } from './node-pair.js';

describeWith(REDIS)('profiles of a cluster with a Redis', () => {
  describeWith(POSTGRES)('and a PostgreSQL', () => {
    let pair: NodePair;
    let ann: TestClient;
    let bob: TestClient;

    beforeAll(async () => {
      pair = await NodePair.start();
      ann = await pair.one.connect('ann');
      bob = await pair.other.connect('bob');
      const memberIds = [(await pair.other.user('bob')).id];
      await ann.request('room.create', { kind: 'group', memberIds });
      await bob.next('room.added');
    }, 60_000);
    afterAll(async () => pair.stop(), 60_000);

    it('are told once to those at another node, by the bus and by the store together', async () => {
      const { user } = await ann.request('user.update', { displayName: 'Ann the First' });
      expect(await bob.next('user.updated')).toEqual({ user });
      await pair.other.get(ProfileComparison).compare();
      // What is heard of is gathered for a moment before it is pushed.
      await sleep(500);
      await bob.expectSilence('user.updated');
    });

    it('are told by the store while Redis hangs', async () => {
      pair.redis.process.pause();
      try {
        const { user } = await ann.request('user.update', { displayName: 'Ann the Second' });
        expect(await bob.next('user.updated', () => true, 10_000)).toEqual({ user });
      } finally {
        pair.redis.process.resume();
      }
      await pair.noticed(true);
    });
  });
});
