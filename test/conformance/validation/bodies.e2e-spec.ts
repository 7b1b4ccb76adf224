import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpAnswer, Json, TestServer } from 'parley/testing';
import { expectProblem } from '../contract.js';
import { type Field, id, MARK, optional, taking, words } from './fields.js';
import { expectedVerdicts, valuesOf, verdictOn, withField } from './verdicts.js';
import { quickServer } from './world.js';

interface Call {
  /** Its least body that is taken. */
  readonly body: () => object;
  readonly status: number;
  readonly fields: Readonly<Record<string, Field>>;
}

/** What could never be one is only a wrong one. */
const LOOSE = ['text with U+0000', 'text with a control'] as const;
const looseText = (edge: Field['breaks']): Field =>
  taking({ ...id, fits: {}, breaks: edge }, ...LOOSE, 'text with a lone surrogate');

const username: Field = {
  isRequired: true,
  takes: [],
  fits: { 'the shortest': '"x.-"', 'the longest': `"${'x'.repeat(32)}"`, capitals: '"CAPITALS"' },
  breaks: {
    'too short': '"xx"',
    'too long': `"${'x'.repeat(33)}"`,
    'a letter of another script': '"аnn"',
    'a space': '"a n n"',
    'an @': '"@ann"',
  },
};
const newPassword = words(8, 256, ['text with U+0000']);
const guess = words(1, 256, LOOSE);

const PASSWORD = 'a long password';

const CALLS: Readonly<Record<string, Call>> = {
  'POST /auth/register': {
    body: () => ({ username: `new-${++names}`, password: PASSWORD }),
    status: 201,
    fields: { username, password: newPassword, displayName: optional(words(1, 64)) },
  },
  'POST /auth/login': {
    body: () => ({ username: 'ann', password: "ann's password" }),
    status: 200,
    fields: { username: looseText({ 'very long text': `"${'x'.repeat(20_000)}"` }), password: guess },
  },
  'POST /auth/refresh': {
    body: () => ({ refreshToken }),
    status: 200,
    fields: { refreshToken: looseText({ 'very long text': `"${'x'.repeat(20_000)}"` }) },
  },
  'POST /auth/password': {
    body: () => ({ password: "ann's password", newPassword: "ann's password" }),
    status: 204,
    fields: { password: guess, newPassword },
  },
};

/** Calls without a body, and the form of an upload, which has tests of its own. */
const WITHOUT_FIELDS = [
  'GET /.well-known/jwks.json',
  'GET /auth/me',
  'GET /attachments/:id',
  'GET /health/live',
  'GET /health/ready',
  'POST /attachments',
  'POST /attachments/:id/url',
  'POST /auth/logout',
  'POST /auth/ticket',
];

let server: TestServer;
let names = 0;
let refreshToken: string;

beforeAll(async () => {
  server = await quickServer();
  ({ refreshToken } = await server.user('ann'));
});
afterAll(async () => {
  // Whatever was sent, nothing that is ours went wrong.
  expect(server.logs.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  await server.close();
});

async function post(call: string, body: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
  const { accessToken } = await server.user('ann');
  const [, path = ''] = call.split(' ');
  const answer = await server.http.post(path, body, { token: accessToken, headers });
  refreshToken = (answer.body['refreshToken'] as string | undefined) ?? refreshToken;
  return answer;
}

/** The routes, as the router has them. */
function routes(): string[] {
  const { router } = server.app.getHttpAdapter().getInstance() as unknown as {
    router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] };
  };
  return router.stack.flatMap(({ route }) =>
    Object.keys(route?.methods ?? {}).map((method) => `${method.toUpperCase()} ${route?.path}`),
  );
}

function verdict({ body }: HttpAnswer): string {
  return verdictOn(body['code'] === undefined ? undefined : (body as Json), body['errors']);
}

it('has every route of the router, and no other', () => {
  expect([...Object.keys(CALLS), ...WITHOUT_FIELDS].toSorted()).toEqual(routes().toSorted());
});

describe.each(Object.entries(CALLS))('%s', (name, { body, status, fields }) => {
  it('takes its least body', async () => {
    expect((await post(name, JSON.stringify(body()))).status).toBe(status);
  });

  it.each([
    ['no JSON', `{"username":"${MARK}`],
    ['nothing', ''],
    ['a list', `["${MARK}"]`],
    ['text', `"${MARK}"`],
    ['null', 'null'],
    ['a number', '7'],
    ['an infinite number', '1e309'],
    ['bytes that are no text', '\ud800'],
    ['what is nested without end', `{"username":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    ['a forbidden name', `{"__proto__":{"a":"${MARK}"}}`],
    ['a forbidden name inside', `{"username":{"constructor":{"a":"${MARK}"}}}`],
  ])('refuses %s', async (_, text) => {
    const answer = await post(name, text);
    expectProblem(answer, 400, 'VALIDATION_FAILED');
    expect(verdict(answer)).toMatch(/^refused: /);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=iso-8859-1',
    'application/xml',
  ])('refuses a body that says that it is %s', async (type) => {
    const answer = await post(name, JSON.stringify(body()), { 'content-type': type });
    expectProblem(answer, 400, 'VALIDATION_FAILED');
  });

  it.each(['gzip', 'br', 'nonsense'])('refuses a body that is not in %s as it says', async (encoding) => {
    const answer = await post(name, JSON.stringify(body()), { 'content-encoding': encoding });
    expectProblem(answer, 400, 'VALIDATION_FAILED');
  });

  it('refuses what is too large', async () => {
    expectProblem(await post(name, `{"username":"${'x'.repeat(65_536)}"}`), 413, 'TOO_LARGE');
  });

  it('refuses other properties', async () => {
    const answer = await post(name, withField(body(), 'other', `"${MARK}"`));
    expectProblem(answer, 400, 'VALIDATION_FAILED');
    expect(verdict(answer)).toBe('refused: other');
  });

  it.each(Object.entries(fields))('tells what it takes as %s (T21)', async (field, rules) => {
    const values = valuesOf(rules);
    const verdicts: Record<string, string> = {};
    for (const [what, raw] of values)
      verdicts[what] = verdict(await post(name, withField(body(), field, raw)));
    expect(verdicts).toEqual(expectedVerdicts(field, values));
  });
});

describe('what is no call', () => {
  it.each([
    ['GET', '/auth/login'],
    ['PUT', '/auth/login'],
    ['DELETE', '/auth/me'],
    ['PATCH', '/attachments/x'],
    ['GET', `/nowhere?ticket=${MARK}`],
    ['GET', `/${MARK}`],
    ['POST', '/'],
  ])('is not found: %s %s', async (method, path) => {
    const answer = await fetch(server.url + path, { method });
    const body = (await answer.json()) as Json;
    expectProblem({ status: answer.status, headers: answer.headers, body }, 404, 'NOT_FOUND');
    expect(JSON.stringify(body)).not.toContain(MARK);
  });

  it('is answered to HEAD as to GET, without a body', async () => {
    const { accessToken } = await server.user('ann');
    const authorization = `Bearer ${accessToken}`;
    for (const [path, headers, status] of [
      ['/auth/me', { authorization }, 200],
      ['/auth/me', {}, 401],
      ['/nowhere', {}, 404],
    ] as const) {
      const answer = await fetch(server.url + path, { method: 'HEAD', headers });
      expect([answer.status, await answer.text()]).toEqual([status, '']);
    }
  });
});
