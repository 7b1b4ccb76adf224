import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, ask, upload, uploadForm } from '../../../src/features/chat/attachments/testing.js';
import { NOBODY } from '../contract.js';
import { People } from './people.js';
import { type Columns, expectedIn, ranksIn, READ, SETTINGS, WRITE } from './verdicts.js';

interface Call {
  /** As the router has it. */
  readonly route: string;
  readonly columns: Columns;
  /** Asks for the attachment, or uploads to the room, as this user. */
  readonly ask: (as: string | undefined, roomId: string, id: string) => Promise<Answer>;
}

const CALLS: readonly Call[] = [
  // Who may write to the room may upload to it, silenced and blocked ones too: to send it is refused then.
  {
    route: 'POST /attachments',
    columns: WRITE,
    ask: (as, roomId) =>
      as === undefined
        ? ask(people.server, '/attachments', { method: 'POST', body: uploadForm(roomId, 'x') })
        : upload(people.server, as, uploadForm(roomId, 'x')),
  },
  {
    route: 'GET /attachments/:id',
    columns: READ,
    ask: (as, _, id) => askFor('GET', `/attachments/${id}`, as),
  },
  {
    route: 'POST /attachments/:id/url',
    columns: READ,
    ask: (as, _, id) => askFor('POST', `/attachments/${id}/url`, as),
  },
];

let people: People;

beforeAll(async () => {
  people = await People.gather();
});
afterAll(() => people.server.close());

function askFor(method: string, path: string, as: string | undefined): Promise<Answer> {
  return ask(people.server, path, { method, ...(as !== undefined && { as }) });
}

async function verdictOf(call: Call, as: string | undefined, roomId: string, id: string): Promise<unknown> {
  const { status, body, content } = await call.ask(as, roomId, id);
  if (status < 300) return 'ok';
  if (status !== 404) return body['code'];
  const absent = await call.ask(as, NOBODY, NOBODY);
  return [status, String(content)].join() === [absent.status, String(absent.content)].join()
    ? 'NOT_FOUND'
    : [body, absent.body];
}

/** The routes under `/attachments`, as the router has them. */
function routes(): string[] {
  const { router } = people.server.app.getHttpAdapter().getInstance() as unknown as {
    router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] };
  };
  return router.stack.flatMap(({ route }) =>
    route?.path.startsWith('/attachments') === true
      ? Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`)
      : [],
  );
}

it('knows every route of attachments', () => {
  expect(CALLS.map(({ route }) => route).toSorted()).toEqual(routes().toSorted());
});

describe.each(SETTINGS)('in a room that is a %s (T33)', (setting) => {
  it.each(CALLS.map((call) => [call.route, call] as const))('%s is for whom it is for', async (_, call) => {
    const room = await people.staff(setting);
    const verdicts: Record<string, unknown> = {};
    for (const rank of ranksIn(setting).toReversed()) {
      const [roomId, id] = [room.roomOf(rank), room.attachmentOf(rank)];
      verdicts[rank] = await verdictOf(call, rank.toLowerCase(), roomId, id);
    }
    expect(verdicts).toEqual(expectedIn(call.columns, setting));
  });

  it.each(CALLS.map((call) => [call.route, call] as const))(
    '%s is for nobody without a token',
    async (_, call) => {
      expect(await verdictOf(call, undefined, (await people.staff(setting)).roomId, NOBODY)).toBe(
        'UNAUTHENTICATED',
      );
    },
  );
});
