import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { ParleyModule } from 'parley';
import { type Json, startServer, type TestServer } from 'parley/testing';
import { WebhooksModule } from './webhooks.module.js';

describe('webhooks', () => {
  let receiver: Server;
  let server: TestServer;
  /** What was posted, and how the next posts are answered; 204 when nothing is said. */
  let posts: Json[];
  let answers: number[];
  let posted: () => void;

  beforeEach(async () => {
    [posts, answers, posted] = [[], [], () => undefined];
    receiver = createServer((request, response) => {
      void json(request).then((body) => {
        posts.push(body as Json);
        response.writeHead(answers.shift() ?? 204).end();
        posted();
      });
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    const { port } = receiver.address() as AddressInfo;
    @Module({
      imports: [ParleyModule.register({ features: [WebhooksModule.to(`http://127.0.0.1:${port}/`)] })],
    })
    class AppModule {}
    server = await startServer({ module: AppModule });
  });
  afterEach(async () => {
    await server.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  async function receivedPosts(count: number): Promise<void> {
    while (posts.length < count) await new Promise<void>((resolve) => (posted = resolve));
  }

  it('post what is said, as members see it', async () => {
    const ann = await server.connect('ann');
    const { room } = await ann.request('room.create', { kind: 'channel', name: 'garden' });
    const seen = ann.next('room.event', (event) => event['type'] === 'message');
    await ann.request('message.send', { roomId: room.id, text: 'Tea?', clientId: 'message 1' });
    await receivedPosts(1);
    expect(posts).toEqual([{ events: [await seen] }]);
  });

  it('post it again when they were refused', async () => {
    answers.push(503);
    const ann = await server.connect('ann');
    const { room } = await ann.request('room.create', { kind: 'channel', name: 'garden' });
    await ann.request('message.send', { roomId: room.id, text: 'Tea?', clientId: 'message 1' });
    await receivedPosts(2);
    expect(posts[1]).toEqual(posts[0]);
  });
});
