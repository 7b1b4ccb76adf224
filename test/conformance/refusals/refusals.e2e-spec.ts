import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServer } from 'parley/testing';
import { onOneNode } from '../../support/one-node.js';
import { ROWS, STREAM_ROWS } from '../rights/rows.js';
import { expectedIn, SETTINGS } from '../rights/verdicts.js';
import { REQUESTS } from '../validation/requests.js';
import { CALL_REFUSALS } from './calls.js';
import { FRAME_REFUSALS } from './frames.js';
import { documentedRefusals } from './pages.js';
import { endScene, type Refusal, type Scene, setScene, startScene } from './scene.js';

const REFUSALS: readonly Refusal[] = [...FRAME_REFUSALS, ...CALL_REFUSALS];

/** Calls whose bodies `validation/bodies.e2e-spec.ts` breaks. */
const WITH_BODIES = ['POST /auth/register', 'POST /auth/login', 'POST /auth/refresh', 'POST /auth/password'];

/** What is there for a day that has not come: no request deletes a user. */
const NOT_YET = { 'auth.whoami': 'UNAUTHENTICATED' };

/** The refusals of each server that they need, by its settings. */
const SERVERS = new Map<string, Refusal[]>();
for (const refusal of REFUSALS) {
  const settings = JSON.stringify(refusal.env ?? {});
  SERVERS.set(settings, [...(SERVERS.get(settings) ?? []), refusal]);
}

describe.each([...SERVERS])('with the settings %s, a request is refused', (_, refusals) => {
  let server: TestServer;
  let scene: Scene;

  beforeAll(async () => {
    server = await startScene(refusals[0]?.env);
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    scene = await setScene(server);
  });
  afterEach(() => endScene(scene));

  for (const { request, code, when, provoke, onOneNode: reason } of refusals) {
    const test = reason === undefined ? it : onOneNode(reason);
    test(`${request} with ${code}: ${when}`, async () => {
      expect(await provoke(scene)).toBe(code);
    });
  }
});

describe('the pages of the features', () => {
  /** What the tests of this folder and of its neighbours bring about. */
  function provoked(): Map<string, Set<string>> {
    const found = new Map<string, Set<string>>();
    const add = (request: string, codes: readonly string[]): void => {
      found.set(request, new Set([...(found.get(request) ?? []), ...codes]));
    };
    for (const [event, { fields }] of Object.entries(REQUESTS))
      add(event, Object.keys(fields).length > 0 ? ['VALIDATION_FAILED'] : []);
    for (const call of WITH_BODIES) add(call, ['VALIDATION_FAILED']);
    for (const { event, columns } of [...ROWS, ...STREAM_ROWS])
      for (const setting of SETTINGS)
        add(
          event,
          Object.values(expectedIn(columns, setting)).filter((verdict) => verdict !== 'ok'),
        );
    for (const { request, code } of REFUSALS) add(request, [code]);
    for (const [event, code] of Object.entries(NOT_YET)) add(event, [code]);
    return found;
  }

  it('name for each request the codes that it is refused with, and no others', () => {
    const [told, met] = [documentedRefusals(), provoked()];
    const plain = (refusals: Map<string, Set<string>>): Record<string, string> =>
      Object.fromEntries(
        [...refusals]
          .filter(([, codes]) => codes.size > 0)
          .map(([request, codes]) => [request, [...codes].toSorted().join(' ')]),
      );
    expect(plain(told)).toEqual(plain(met));
  });
});
