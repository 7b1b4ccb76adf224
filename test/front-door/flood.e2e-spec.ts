import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, Injectable, UseGuards } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import {
  AuthorizesUpgrades,
  type Connection,
  ConnectionRegistry,
  CurrentConnection,
  RealtimeGateway,
  type RealtimeSettings,
} from '../../src/realtime/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { KernelApp } from '../support/kernel-app.js';
import { RawClient, UpgradeRejected } from '../support/raw-client.js';
import { exchange, type RawResponse } from '../support/raw-request.js';

/** Upgrades that are sent at once. The service looks at each before the next has come. */
const AT_ONCE = 100;

let guarded = 0;
let held: (() => void)[] = [];
let isHolding = false;

/** Stands for every guard that asks the store. */
@Injectable()
class CountingGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    guarded++;
    if (isHolding) await new Promise<void>((resolve) => held.push(resolve));
    return true;
  }
}

@RealtimeGateway('counting')
class CountingGateway {
  /** Whom each frame was handled for. */
  static readonly seen: string[] = [];

  @AuthorizesUpgrades()
  @UseGuards(CountingGuard)
  authorizeUpgrade(): void {}

  @SubscribeMessage('counting.get')
  get(@CurrentConnection() connection: Connection): object {
    CountingGateway.seen.push(connection.principal.userId);
    return {};
  }
}

let kernel: KernelApp;
let clock: ManualClock;

async function start(settings: Partial<RealtimeSettings>): Promise<void> {
  clock = new ManualClock();
  kernel = await KernelApp.start({ providers: [CountingGateway, CountingGuard], settings, clock });
}

beforeEach(() => {
  guarded = 0;
  held = [];
  isHolding = false;
  CountingGateway.seen.length = 0;
});
afterEach(() => kernel.close());

const release = (): void => {
  for (const resolve of held.splice(0)) resolve();
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

/** Sends that many upgrades, some at once, and counts what they were answered. */
async function flood(
  count: number,
  headersOf: (n: number) => Record<string, string>,
): Promise<Record<number, number>> {
  const answers: Record<number, number> = {};
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, n) =>
      exchange(kernel.port, { headers: headersOf(sent + n) }),
    );
    for (const { status } of await Promise.all(batch)) answers[status] = (answers[status] ?? 0) + 1;
  }
  return answers;
}

const randomAddress = (): string =>
  Array.from({ length: 4 }, () => Math.floor(Math.random() * 256)).join('.');

describe('a flood of upgrades from one address (T03)', () => {
  beforeEach(() => start({ upgradesPerSecond: 10 }));

  it('reaches the guards no further than its bucket, and never those who are there', async () => {
    const ann = await kernel.connect('ann');
    expect(await flood(2000, () => ({}))).toEqual({ 101: 19, 429: 1981 });
    expect(guarded).toBe(20);
    await clock.advance(1000);
    expect(await flood(500, () => ({}))).toEqual({ 101: 10, 429: 490 });
    expect(guarded).toBe(30);
    expect(await ann.ask('counting.get')).toMatchObject({ event: 'counting.get' });
    expect(kernel.app.get(ConnectionRegistry).size).toBeGreaterThan(0);
  });

  it('is told when to come again', async () => {
    await flood(100, () => ({}));
    const refused = await exchange(kernel.port);
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1', connection: 'close' } });
  });

  it('is one address, whatever it says of itself (T04)', async () => {
    const said = (n: number): Record<string, string> => ({
      'X-Forwarded-For': Array.from({ length: 1 + (n % 4) }, randomAddress).join(', '),
      'X-Real-IP': randomAddress(),
      Forwarded: `for=${randomAddress()}`,
      'CF-Connecting-IP': randomAddress(),
      'True-Client-IP': randomAddress(),
    });
    expect(await flood(1000, said)).toEqual({ 101: 20, 429: 980 });
    expect(guarded).toBe(20);
  });
});

describe('a flood through a trusted proxy (T04)', () => {
  beforeEach(() => start({ upgradesPerSecond: 10, trustedProxies: ['127.0.0.1'] }));

  it('is told from others by what the proxy has added', async () => {
    const flooding = (): Record<string, string> => ({
      'X-Forwarded-For': `${randomAddress()}, 198.51.100.7`,
    });
    expect(await flood(1000, flooding)).toEqual({ 101: 20, 429: 980 });
    const other = await exchange(kernel.port, { headers: { 'X-Forwarded-For': '198.51.100.8' } });
    expect(other.status).toBe(101);
  });
});

describe('upgrades whose guards take their time (T03)', () => {
  const PENDING = 5;

  beforeEach(() => start({ maxPendingUpgrades: PENDING }));

  it('are bounded, and refused with 503 beyond', async () => {
    isHolding = true;
    const pending = Array.from({ length: PENDING }, () => exchange(kernel.port));
    await until(() => held.length === PENDING);
    const refused: RawResponse = await exchange(kernel.port);
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(guarded).toBe(PENDING);
    isHolding = false;
    release();
    expect((await Promise.all(pending)).map(({ status }) => status)).toEqual(Array(PENDING).fill(101));
    expect((await exchange(kernel.port)).status).toBe(101);
  });

  it('keep what is sent early until it is known who sends it (T09)', async () => {
    isHolding = true;
    const opening = RawClient.open(kernel.url(), { headers: { 'x-user': 'ann' } });
    await until(() => held.length === 1);
    const early = exchangeWithFrame();
    await until(() => held.length === 2);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(CountingGateway.seen).toEqual([]);
    isHolding = false;
    release();
    const client = await opening;
    expect((await client.take()).event).toBe('ready');
    expect((await early).status).toBe(101);
    await until(() => CountingGateway.seen.length === 1);
    expect(CountingGateway.seen).toEqual(['bob']);
  });
});

/** An upgrade of bob's with a frame right behind it, in the same packet. */
async function exchangeWithFrame(): Promise<RawResponse> {
  const frame = Buffer.from('{"event":"counting.get","id":1}');
  const masked = Buffer.concat([Buffer.from([0x81, 0x80 | frame.length, 0, 0, 0, 0]), frame]);
  return await exchange(kernel.port, { headers: { 'X-User': 'bob' }, behind: masked });
}

describe('caps on connections (T07)', () => {
  it('hold for the node, and a connection that closes gives its slot back', async () => {
    await start({ maxConnections: 3 });
    const clients = [];
    for (const user of ['ann', 'bob', 'cid']) clients.push(await kernel.connect(user));
    const refused = await RawClient.open(kernel.url(), { headers: { 'x-user': 'dan' } }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(UpgradeRejected);
    expect(refused).toMatchObject({
      status: 503,
      problem: { code: 'UNAVAILABLE' },
      headers: { 'retry-after': '5' },
    });
    for (const ending of ['close', 'terminate'] as const) {
      const last = clients.pop();
      last?.ws[ending]();
      await last?.closed;
      await until(() => kernel.app.get(ConnectionRegistry).size === clients.length);
      clients.push(await kernel.connect('dan'));
    }
    expect((await exchange(kernel.port)).status).toBe(503);
  });

  it('hold for a user, whose oldest is closed with 4409 and whose slots come back', async () => {
    await start({ maxConnectionsPerUser: 2 });
    const [first, second] = [await kernel.connect('ann'), await kernel.connect('ann')];
    const third = await kernel.connect('ann');
    expect(await first.closed).toMatchObject({ code: 4409 });
    await third.close();
    const fourth = await kernel.connect('ann');
    for (const client of [second, fourth]) expect(await client.ask('counting.get')).toBeDefined();
    expect(kernel.app.get(ConnectionRegistry).size).toBe(2);
  });
});
