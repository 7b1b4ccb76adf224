import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { ConsumesLog, type LogConsumer, ParleyModule } from 'parley';
import type { Json } from 'parley/testing';
import { type AdminServer, startAdminServer } from './admin-server.js';

/** Frames with events that nobody handles. */
const INVENTED = 500;

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const documented = [...page.matchAll(/^\| `(parley_\w+)` \| (\w+) \| ([^|]*)\|/gm)].map(
  ([, name = '', type = '', labels = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
  }),
);

/** Fails whenever it is given something: an archived room. */
@Injectable()
@ConsumesLog()
class Stubborn implements LogConsumer {
  readonly name = 'stubborn';
  readonly types = ['room.archived'];

  handle(): Promise<void> {
    return Promise.reject(new Error('not now'));
  }
}

@Module({ providers: [Stubborn] })
class StubbornModule {}

@Module({ imports: [ParleyModule.register({ features: [StubbornModule] })] })
class App {}

let service: AdminServer;

beforeAll(async () => {
  service = await startAdminServer({ module: App, env: { RATE_SENDS_PER_S: '5', LARGE_ROOM_MEMBERS: '1' } });
});
afterAll(() => service.server.close());

/** The values of a metric, by their labels as they are written. */
async function valuesOf(name: string): Promise<Record<string, number>> {
  const lines = (await service.metrics()).filter(
    (line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `),
  );
  return Object.fromEntries(
    lines.map((line) => {
      const [, labels = '', value = ''] = /^[a-z_]+(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      return [labels, Number(value)];
    }),
  );
}

/** How much each value of a metric rose while `act` ran. */
async function rise(name: string, act: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await valuesOf(name);
  await act();
  const after = await valuesOf(name);
  const risen = Object.entries(after).map(
    ([labels, value]) => [labels, value - (before[labels] ?? 0)] as const,
  );
  return Object.fromEntries(risen.filter(([, by]) => by !== 0));
}

async function roomOf(creator: string, ...others: string[]): Promise<string> {
  const client = await service.server.connect(creator);
  const members = await Promise.all(others.map(async (name) => (await service.server.user(name)).id));
  const { room } = await client.request('room.create', { kind: 'group', name: 'garden', memberIds: members });
  const { id, head } = room as Json;
  // What the creator is pushed of the new room would count in what is measured next.
  await client.next('room.event', (event) => event['roomId'] === id && event['seq'] === head);
  return String(id);
}

describe('metrics', () => {
  it('are text for Prometheus', async () => {
    const lines = await service.metrics();
    const data = lines.filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of data) {
      expect(line).toMatch(
        /^[a-z_][a-z0-9_]*(\{[a-z_]+="[^"\n\\]*"(,[a-z_]+="[^"\n\\]*")*\})? (-?[\d.e+-]+|NaN|\+Inf)$/i,
      );
    }
    expect(new Set(data).size).toBe(data.length);
  });

  it('tell of the process', async () => {
    const text = (await service.metrics()).join('\n');
    for (const name of [
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_p99_seconds',
      'process_open_fds',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} [\\d.e+-]+$`, 'm'));
    }
  });

  it('count connections by subprotocol, and how they end', async () => {
    const { server } = service;
    const before = await valuesOf('parley_connections');
    const [one, other] = [
      await server.connect('eve'),
      await server.connect('eve', { subprotocol: 'superchat' }),
    ];
    const during = await valuesOf('parley_connections');
    const rose = (label: string): number => (during[label] ?? 0) - (before[label] ?? 0);
    expect([rose('subprotocol="chat"'), rose('subprotocol="superchat"')]).toEqual([1, 1]);
    const closes = await rise('parley_closes_total', async () => {
      await one.request('auth.logout');
      await Promise.all([one.closed, other.closed]);
    });
    expect(closes).toEqual({ 'code="1000"': 1, 'code="4401"': 1 });
  });

  it('count upgrades by what they were answered', async () => {
    const { server } = service;
    await server.user('upgrader');
    const rose = await rise('parley_upgrades_total', async () => {
      await server.connect('upgrader');
      await server.open().catch(() => undefined);
      await server.open({ path: '/nowhere' }).catch(() => undefined);
      await server.open({ headers: { origin: 'https://evil.example' } }).catch(() => undefined);
    });
    expect(rose).toEqual({
      'outcome="ok"': 1,
      'outcome="UNAUTHENTICATED"': 1,
      'outcome="NOT_FOUND"': 1,
      'outcome="ORIGIN_NOT_ALLOWED"': 1,
    });
  });

  it('count requests by event and outcome, and time them', async () => {
    const client = await service.server.connect('asker');
    const act = async (): Promise<void> => {
      await client.request('auth.whoami');
      await client.request('auth.whoami');
      await client.request('auth.whoami', { more: 1 }).catch(() => undefined);
      await client.request('room.get', { roomId: 'none' }).catch(() => undefined);
      client.send('{');
      await client.next('exception');
    };
    let counted: Record<string, number> = {};
    const timed = await rise('parley_request_duration_seconds_count', async () => {
      counted = await rise('parley_requests_total', act);
    });
    expect(counted).toEqual({
      'event="auth.whoami",outcome="ok"': 2,
      'event="auth.whoami",outcome="VALIDATION_FAILED"': 1,
      'event="room.get",outcome="NOT_FOUND"': 1,
      'event="unknown",outcome="BAD_FRAME"': 1,
    });
    expect(timed).toEqual({ 'event="auth.whoami"': 2, 'event="room.get"': 1 });
  });

  it('count what is stored and what is delivered', async () => {
    const { server } = service;
    const roomId = await roomOf('writer', 'reader');
    const [writer, reader] = [await server.connect('writer'), await server.connect('reader')];
    const rose = await rise('parley_log_events_total', async () => {
      const deliveries = await rise('parley_deliveries_total', async () => {
        const message = { roomId, text: 'hello', clientId: 'metrics-1' };
        await writer.request('message.send', message);
        await writer.request('message.send', message);
        for (const client of [writer, reader])
          await client.next('room.event', ({ type }) => type === 'message');
      });
      // The writer has two connections.
      expect(deliveries).toEqual({ '': 3 });
    });
    expect(rose).toEqual({ 'type="message"': 1 });
    const commits = await rise('parley_commits_total', () => roomOf('writer'));
    expect(commits).toEqual({ 'outcome="stored"': 1 });
  });

  it('count what is above a rate, by limit', async () => {
    const roomId = await roomOf('hurried');
    const hurried = await service.server.connect('hurried');
    const send = (at: number): Promise<unknown> =>
      hurried
        .request('message.send', { roomId, text: 'quick', clientId: `hurried-${at}` })
        .catch(() => undefined);
    const rose = await rise('parley_rate_limited_total', () =>
      Promise.all(Array.from({ length: 40 }, (_, at) => send(at))),
    );
    expect(Object.keys(rose)).toEqual(['limit="sends"']);
  });

  it('show when large rooms say less', async () => {
    const roomId = await roomOf('host', 'guest');
    const guest = await service.server.connect('guest');
    const rose = await rise('parley_large_rooms_spared_total', () => guest.request('room.leave', { roomId }));
    expect(rose).toEqual({ 'what="gatherings"': 1, 'what="gatheredMembers"': 1 });
  });

  it('show which consumer of the logs fails', async () => {
    const consumer = 'consumer="stubborn"';
    expect(await valuesOf('parley_consumer_failures')).toEqual({ [consumer]: 0 });
    const roomId = await roomOf('consumed');
    const owner = await service.server.connect('consumed');
    await owner.request('room.archive', { roomId });
    let failures = 0;
    while (failures === 0) ({ [consumer]: failures = 0 } = await valuesOf('parley_consumer_failures'));
    expect(failures).toBeGreaterThanOrEqual(1);
  });

  it('have no label that a client, a user or a room fills (T42)', async () => {
    const client = await service.server.connect('labeller');
    const { id } = await service.server.user('labeller');
    const roomId = await roomOf('labeller');
    await client.request('message.send', { roomId, text: 'words', clientId: 'a-client-id' });
    const before = await service.metrics();
    for (let at = 0; at < INVENTED; at++) {
      const event = `invented.${Math.random().toString(36)}${['', '"', '\\', '\n', '{', '__proto__'][at % 6]}`;
      await client.request(event).catch(() => undefined);
    }
    const lines = await service.metrics();
    const text = lines.join('\n');
    expect(text).not.toContain('invented');
    for (const secret of [id, roomId, 'labeller', 'a-client-id', client.ready['connectionId'], '127.0.0.1']) {
      expect(text).not.toContain(String(secret));
    }
    expect(lines.length - before.length).toBeLessThan(5);
    const counted = await valuesOf('parley_requests_total');
    expect(counted['event="unknown",outcome="UNKNOWN_EVENT"']).toBeGreaterThanOrEqual(INVENTED);
  }, 60_000);

  it('are the only ones that the rules of docs/operations.md look at', () => {
    const names = new Set(documented.map(({ name }) => name));
    const [, rules = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
    const looked = [...rules.matchAll(/parley_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
    expect(looked.length).toBeGreaterThan(5);
    expect(looked.filter((name) => !names.has(name))).toEqual([]);
  });

  it('are those of docs/operations.md, with their types and labels, and no others', async () => {
    // What was counted for the first time above is there by now, whichever part of it.
    const lines = await service.metrics();
    const types = new Map(
      lines.flatMap((line) => {
        const [, name, type] = /^# TYPE (parley_\w+) (\w+)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, type] as const];
      }),
    );
    expect(Object.fromEntries(types)).toEqual(
      Object.fromEntries(documented.map(({ name, type }) => [name, type])),
    );
    for (const { name, labels } of documented) {
      const shown = lines.filter((line) => new RegExp(`^${name}(_bucket|_sum|_count)?[{ ]`).test(line));
      const names = shown.flatMap((line) => [...line.matchAll(/([a-z]+)="/g)].map(([, label]) => label));
      const used = new Set(names.filter((label) => label !== 'le'));
      if (shown.length > 0) expect([name, used]).toEqual([name, new Set(labels)]);
    }
  });
});
