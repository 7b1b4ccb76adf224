import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Json, TestServer } from 'parley/testing';
import { RouteTable } from '../../../src/realtime/dispatch/route-table.js';
import { MARK } from './fields.js';
import { REQUESTS } from './requests.js';
import { expectedVerdicts, valuesOf, verdictOn, withField } from './verdicts.js';
import { exchange, newWorld, quickServer, type World } from './world.js';

let server: TestServer;
let world: World;

beforeAll(async () => {
  server = await quickServer();
});
afterAll(async () => {
  // Whatever was sent, nothing that is ours went wrong.
  expect(server.logs.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  await server.close();
});
beforeEach(async () => {
  world = await newWorld(server);
});
afterEach(() => world.client.terminate());

function failureOf(frame: Json): Json | undefined {
  return frame['event'] === 'exception' ? (frame['data'] as Json) : undefined;
}

it('has every request of the handlers’ table, and no other (T21)', () => {
  const routes = server.get(RouteTable).at('/ws');
  expect(Object.keys(REQUESTS).toSorted()).toEqual([...(routes?.events.keys() ?? [])].toSorted());
});

describe.each(Object.entries(REQUESTS))('%s', (event, { data, fields }) => {
  it('takes its least data', async () => {
    const answer = await exchange(world.client, event, JSON.stringify(data(world)));
    expect([answer['event'], failureOf(answer)]).toEqual([event, undefined]);
  });

  it('refuses other properties, and data that is no object', async () => {
    const other = await exchange(world.client, event, withField(data(world), 'other', `"${MARK}"`));
    expect(verdictOn(failureOf(other), other['data']['details'])).toBe('refused: other');
    for (const raw of ['null', '[]', '7', `"${MARK}"`, 'true', '1e309']) {
      const answer = await exchange(world.client, event, raw);
      expect([raw, verdictOn(failureOf(answer), answer['data']['details'])]).toEqual([raw, 'refused: ']);
    }
  });

  it.each(['__proto__', 'constructor', 'prototype'])('is a bad frame with %s (T22)', async (key) => {
    const answer = await exchange(world.client, event, withField(data(world), key, `{"polluted":"${MARK}"}`));
    expect(answer['data']).toEqual({ status: 'error', code: 'BAD_FRAME', message: expect.any(String) });
    expect(JSON.stringify(answer)).not.toContain(MARK);
    expect(({} as Json)['polluted']).toBeUndefined();
  });

  const names = Object.keys(fields);
  // A request without fields has none to be tried.
  (names.length === 0 ? it.skip : it).each(names)('tells what it takes as %s (T21)', async (name) => {
    const field = fields[name];
    if (field === undefined) throw new Error(`${event} has no ${name}`);
    const values = valuesOf(field);
    const verdicts: Record<string, string> = {};
    for (const [what, raw] of values) {
      const answer = await exchange(world.client, event, withField(data(world), name, raw));
      verdicts[what] = verdictOn(failureOf(answer), answer['data']['details']);
    }
    expect(verdicts).toEqual(expectedVerdicts(name, values));
  });
});
