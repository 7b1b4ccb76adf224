import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Allow } from 'class-validator';
import { ConnectionRegistry, Cost, RealtimeGateway } from '../../src/realtime/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { KernelApp } from '../support/kernel-app.js';
import type { Frame, RawClient } from '../support/raw-client.js';

const RATE = 5;
const BURST = 2 * RATE;
const FLOOD = 10 * RATE;

class Anything {
  @Allow() n?: unknown;
}

@RealtimeGateway('work')
class WorkGateway {
  done = 0;

  @SubscribeMessage('work.do')
  do(@MessageBody() { n }: Anything) {
    this.done++;
    return { n };
  }

  @Cost(4)
  @SubscribeMessage('work.toil')
  toil() {
    this.done++;
    return {};
  }
}

let clock: ManualClock;
let kernel: KernelApp;
let gateway: WorkGateway;
let client: RawClient;

beforeEach(async () => {
  clock = new ManualClock();
  kernel = await KernelApp.start({
    providers: [WorkGateway],
    settings: { framesPerSecond: RATE },
    clock,
  });
  gateway = kernel.app.get(WorkGateway);
  client = await kernel.connect('ann');
});

afterEach(() => kernel.close());

function send(frames: number, from = 0): void {
  for (let id = from; id < from + frames; id++) client.send({ event: 'work.do', id, data: { n: id } });
}

interface Counted {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Resolves when the service has read every byte that was sent: far above the rate there is no answer to wait for. */
async function whenRead(): Promise<void> {
  const mine = (client.ws as unknown as { _socket: Counted })._socket;
  const [connection] = kernel.app.get(ConnectionRegistry).ofUser('ann');
  const { socket: theirs } = connection as unknown as { socket: Counted };
  while (theirs.bytesRead < mine.bytesWritten) await new Promise(setImmediate);
}

const codeOf = ({ event, data }: Frame): unknown => (event === 'exception' ? data['code'] : 'ok');

describe('frames above the rate (T17)', () => {
  it('are answered RATE_LIMITED with the time after which they would be within it', async () => {
    send(BURST + 3);
    const answers = await client.takeMany(BURST + 3);
    const codes = answers.toSorted((a, b) => Number(a.id) - Number(b.id)).map(codeOf);
    expect(codes).toEqual(codes.map((_, id) => (id < BURST ? 'ok' : 'RATE_LIMITED')));
    expect(answers.find(({ id }) => id === BURST)).toEqual({
      event: 'exception',
      id: BURST,
      data: {
        status: 'error',
        code: 'RATE_LIMITED',
        message: 'too many frames',
        retryAfterMs: 200,
        event: 'work.do',
      },
    });
    expect(gateway.done).toBe(BURST);
    await clock.advance(200);
    expect(codeOf(await client.ask('work.do', { n: 1 }))).toBe('ok');
  });

  it('are still told when they are no frames, or of no event', async () => {
    send(BURST);
    client.send('bad');
    client.send({ event: 'no.such', id: 'n' });
    const answers = await client.takeMany(BURST + 2);
    const codes = answers.map(codeOf).filter((code) => code !== 'ok');
    expect(codes).toEqual(['BAD_FRAME', 'RATE_LIMITED']);
  });

  it('are discarded unread and unanswered beyond ten times the rate', async () => {
    send(FLOOD + 200);
    // What is beyond was never parsed: as bad frames, these would close the connection.
    for (let n = 0; n < 20; n++) client.send('bad');
    const answers = await client.takeMany(FLOOD);
    expect(answers.filter((answer) => codeOf(answer) === 'ok')).toHaveLength(BURST);
    expect(answers.filter((answer) => codeOf(answer) === 'RATE_LIMITED')).toHaveLength(FLOOD - BURST);
    await whenRead();
    expect(client.frames).toEqual([]);
    await clock.advance(1000);
    expect(codeOf(await client.ask('work.do', {}))).toBe('ok');
    expect(gateway.done).toBe(BURST + 1);
  });

  it('close with 4429 in the tenth such second', async () => {
    for (let second = 1; second < 10; second++) {
      send(FLOOD + 1);
      await whenRead();
      await clock.advance(1000);
    }
    send(FLOOD + 1);
    await expect(client.closed).resolves.toEqual({ code: 4429, reason: '' });
  });

  it('are of their connection alone', async () => {
    const other = await kernel.connect('ann');
    send(FLOOD + 1);
    await whenRead();
    for (let n = 0; n < BURST; n++) expect(codeOf(await other.ask('work.do', {}))).toBe('ok');
    await other.close();
  });
});

describe('pings above the rate (T16)', () => {
  it('are counted as frames, and close with 4429', async () => {
    for (let n = 0; n < BURST; n++) client.ws.ping();
    expect(codeOf(await client.ask('work.do', {}))).toBe('RATE_LIMITED');
    for (let second = 1; second <= 10; second++) {
      for (let n = 0; n < FLOOD + 1; n++) client.ws.ping();
      if (second < 10) await whenRead();
      if (second < 10) await clock.advance(1000);
    }
    await expect(client.closed).resolves.toMatchObject({ code: 4429 });
  });
});

describe('a request that costs more than one frame (T48)', () => {
  it('is refused when the rate has no room for it, and runs when it was told to come back', async () => {
    const answers = [];
    for (let n = 0; n < 3; n++) answers.push(await client.ask('work.toil'));
    expect(answers.map(codeOf)).toEqual(['ok', 'ok', 'RATE_LIMITED']);
    expect(gateway.done).toBe(2);
    const [, , refused] = answers;
    await clock.advance(refused?.data['retryAfterMs'] as number);
    expect(codeOf(await client.ask('work.toil'))).toBe('ok');
  });

  it('leaves room for what costs less', async () => {
    for (let n = 0; n < 2; n++) await client.ask('work.toil');
    expect(codeOf(await client.ask('work.do', {}))).toBe('ok');
    expect(codeOf(await client.ask('work.toil'))).toBe('RATE_LIMITED');
  });
});
