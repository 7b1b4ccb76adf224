import { describe, expect, it } from '@jest/globals';
import { type CanActivate, Injectable, UseGuards } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { AuthorizesUpgrades, Draining, RealtimeGateway } from '../../src/realtime/index.js';
import { KernelApp } from '../support/kernel-app.js';
import { RawClient, UpgradeRejected } from '../support/raw-client.js';

let finish: () => void = () => undefined;

@RealtimeGateway('work')
class WorkGateway {
  @SubscribeMessage('work.wait')
  async wait() {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { done: true };
  }
}

let admit: () => void = () => undefined;
let isAsked = false;

/** Lets an upgrade wait until the test says so. */
@Injectable()
class PatientGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    isAsked = true;
    await new Promise<void>((resolve) => {
      admit = resolve;
    });
    return true;
  }
}

@RealtimeGateway('patient')
class PatientGateway {
  @AuthorizesUpgrades()
  @UseGuards(PatientGuard)
  authorizeUpgrade(): void {}
}

describe('a node that goes down', () => {
  it('refuses an upgrade whose guards end after the drain has begun', async () => {
    const kernel = await KernelApp.start({ providers: [PatientGateway, PatientGuard] });
    const opening = RawClient.open(kernel.url(), { headers: { 'x-user': 'ann' } }).catch(
      (error: unknown) => error,
    );
    while (!isAsked) await new Promise(setImmediate);
    const closed = kernel.close();
    while (!kernel.app.get(Draining).isRefusing) await new Promise(setImmediate);
    admit();
    expect(await opening).toMatchObject({ status: 503 });
    await closed;
  });

  it('closes every connection with 1012 and a time to come back, spread over them', async () => {
    const kernel = await KernelApp.start({ providers: [WorkGateway], settings: { drainMs: 2000 } });
    const clients = await Promise.all(Array.from({ length: 120 }, (_, n) => kernel.connect(`user-${n}`)));
    await kernel.close();
    const closes = await Promise.all(clients.map(({ closed }) => closed));
    expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([1012]));
    const delays = closes.map(({ reason }) => Number(/^retry-after-ms=(\d+)$/.exec(reason)?.[1]));
    expect(Math.min(...delays)).toBeGreaterThan(0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(2000);
    expect(new Set(delays).size).toBeGreaterThan(60);
  });

  it('lets running requests have their answers first', async () => {
    const kernel = await KernelApp.start({ providers: [WorkGateway] });
    const client = await kernel.connect('ann');
    client.send({ event: 'work.wait', id: 1 });
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    const closed = kernel.close();
    finish();
    expect(await client.take(({ id }) => id === 1)).toMatchObject({ data: { done: true } });
    expect((await client.closed).code).toBe(1012);
    await closed;
  });

  it('refuses what has not begun when the drain begins, and leaves nothing that came without an answer', async () => {
    const kernel = await KernelApp.start({ providers: [WorkGateway] });
    const client = await kernel.connect('ann');
    const before = finish;
    client.send({ event: 'work.wait', id: 1 });
    while (finish === before) await new Promise(setImmediate);
    const closed = kernel.close();
    while (!kernel.app.get(Draining).isRefusing) await new Promise(setImmediate);
    await new Promise(setImmediate);
    for (const id of [2, 3]) client.send({ event: 'work.wait', id });
    const refused = { event: 'exception', data: { code: 'UNAVAILABLE' } };
    expect(await client.take(({ id }) => id === 2)).toMatchObject(refused);
    expect(await client.take(({ id }) => id === 3)).toMatchObject(refused);
    finish();
    expect(await client.take(({ id }) => id === 1)).toMatchObject({ data: { done: true } });
    expect((await client.closed).code).toBe(1012);
    await closed;
  });

  it('does not wait longer than the drain may take, and says farewell to those too whose requests still run', async () => {
    const kernel = await KernelApp.start({ providers: [WorkGateway], settings: { drainMs: 300 } });
    const clients = await Promise.all(Array.from({ length: 120 }, (_, n) => kernel.connect(`user-${n}`)));
    for (const client of clients) client.send({ event: 'work.wait', id: 1 });
    await kernel.close();
    const closes = await Promise.all(clients.map(({ closed }) => closed));
    expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([1012]));
    expect(closes.filter(({ reason }) => !/^retry-after-ms=\d+$/.test(reason))).toEqual([]);
  });

  it('goes on as ever during the delay, then refuses upgrades with 503', async () => {
    const settings = { drainDelayMs: 300, drainMs: 1500 };
    const kernel = await KernelApp.start({ providers: [WorkGateway], settings });
    const first = await kernel.connect('ann');
    first.send({ event: 'work.wait', id: 1 });
    const closed = kernel.close();
    await new Promise(setImmediate);
    const draining = kernel.app.get(Draining);
    expect(draining).toMatchObject({ isDraining: true, isRefusing: false });
    const second = await kernel.connect('bob');
    while (!draining.isRefusing) await new Promise(setImmediate);
    const refusal: unknown = await RawClient.open(kernel.url(), { headers: { 'x-user': 'eve' } }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(UpgradeRejected);
    expect(refusal).toMatchObject({ status: 503, problem: { code: 'UNAVAILABLE' } });
    expect((refusal as UpgradeRejected).headers['retry-after']).toBeDefined();
    expect((refusal as UpgradeRejected).problem).not.toHaveProperty('ref');
    expect((await second.closed).code).toBe(1012);
    finish();
    await closed;
  });
});
