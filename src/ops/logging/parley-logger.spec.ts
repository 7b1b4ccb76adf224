import { describe, expect, it } from '@jest/globals';
import { ParleyLogger } from './parley-logger.js';

const TOKEN = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ';

function logged(
  log: (logger: ParleyLogger) => void,
  level: 'debug' | 'info' = 'info',
): Record<string, unknown>[] {
  const chunks: string[] = [];
  log(
    new ParleyLogger({ level, format: 'json', destination: { write: (chunk) => void chunks.push(chunk) } }),
  );
  const lines = chunks.join('').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** What acts on a terminal, line breaks aside. */
const ACTS = /(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e]/u;

/** What is written, line by line. */
function linesOf(format: 'json' | 'pretty', log: (logger: ParleyLogger) => void): string[] {
  const chunks: string[] = [];
  const destination = { write: (chunk: string) => void chunks.push(chunk) };
  log(new ParleyLogger({ level: 'info', format, destination }));
  return chunks.join('').trimEnd().split('\n');
}

describe('ParleyLogger', () => {
  it('writes a record as one line, whatever is in it', () => {
    const forged = 'ann\n{"level":"fatal","msg":"forged"}\u2028';
    const records = logged((logger) => {
      logger.warn(forged, 'Test');
      logger.warn({ msg: 'fields', username: forged }, 'Test');
    });
    expect(records).toHaveLength(2);
    expect(records[0]).toMatchObject({ level: 'warn', context: 'Test', msg: forged });
    expect(records[1]).toMatchObject({ level: 'warn', msg: 'fields', username: forged });
  });

  it.each([
    'a\n{"level":"fatal","msg":"forged"}',
    '\u001b[2J\u0007',
    '\u2028\u2029',
    '\u202eabc',
    '\u009b31m\u007f',
  ])('shows what would act on a terminal, whoever reads the log: %j (T41)', (username) => {
    const talk = (logger: ParleyLogger): void => {
      logger.warn({ msg: `refused ${username}`, username, err: new Error(username) }, 'Test');
    };
    expect(logged(talk)).toEqual([expect.objectContaining({ username, msg: `refused ${username}` })]);
    for (const format of ['json', 'pretty'] as const) {
      const lines = linesOf(format, talk);
      expect(lines.join('\n')).not.toMatch(ACTS);
      expect(lines.filter((line) => /^[{[]/.test(line))).toHaveLength(1);
    }
  });

  it('cuts long fields', () => {
    const [record] = logged((logger) => logger.log({ msg: 'long', name: 'x'.repeat(10_000) }, 'Test'));
    expect(String(record?.['name'])).toHaveLength(257);
  });

  it('bounds lists, depth and circles', () => {
    const circle: Record<string, unknown> = { list: Array.from({ length: 1000 }, (_, index) => index) };
    circle['self'] = circle;
    const [record] = logged((logger) => logger.log({ msg: 'deep', circle }, 'Test'));
    expect(JSON.stringify(record).length).toBeLessThan(2000);
  });

  it.each([
    { password: 'hunter2hunter2' },
    { nested: { accessToken: 'hunter2hunter2' } },
    { refreshToken: 'hunter2hunter2', ticket: 'hunter2hunter2' },
    { headers: { authorization: 'Bearer hunter2hunter2', cookie: 'hunter2hunter2' } },
    { headers: { 'Sec-WebSocket-Protocol': 'chat, bearer.hunter2hunter2' } },
    { url: '/ws?ticket=hunter2hunter2&x=1' },
    { message: { text: 'hunter2hunter2' } },
    { database: 'postgres://parley:hunter2hunter2@db/parley' },
    { note: 'refused bearer.hunter2hunter2' },
  ])('hides the secret in %j', (fields) => {
    const [record] = logged((logger) => logger.warn({ msg: 'secret', ...fields }, 'Test'));
    expect(JSON.stringify(record)).not.toContain('hunter2');
  });

  it('hides signed tokens wherever they stand', () => {
    const records = logged((logger) => {
      logger.error(`bad token ${TOKEN}`, 'Test');
      logger.error({ msg: 'x', err: new Error(`bad token ${TOKEN}`, { cause: new Error(TOKEN) }) }, 'Test');
    });
    expect(JSON.stringify(records)).not.toContain(TOKEN.split('.')[1]);
  });

  it('keeps the error, its stack and its causes', () => {
    const error = new Error('outer', { cause: new TypeError('inner') });
    const [record] = logged((logger) => logger.error({ msg: 'failed', ref: 'r1', err: error }, 'Test'));
    expect(record).toMatchObject({
      ref: 'r1',
      err: {
        type: 'Error',
        message: 'outer',
        stack: expect.stringContaining('parley-logger.spec'),
        cause: { type: 'TypeError' },
      },
    });
  });

  it("takes Nest's arguments of an error", () => {
    const [record] = logged((logger) => logger.error('failed', 'Error: failed\n  at x', 'Test'));
    expect(record).toMatchObject({ msg: 'failed', stack: 'Error: failed\n  at x', context: 'Test' });
  });

  it("keeps Nest's own words for who looks for them", () => {
    const talk = (logger: ParleyLogger): void => logger.log('Mapped {/auth} route', 'RouterExplorer');
    expect(logged(talk)).toEqual([]);
    expect(logged(talk, 'debug')).toHaveLength(1);
  });

  it('writes lines for people', () => {
    const chunks: string[] = [];
    const destination = { write: (chunk: string) => void chunks.push(chunk) };
    new ParleyLogger({ level: 'info', format: 'pretty', destination }).log(
      { msg: 'hello', room: 'r1' },
      'Test',
    );
    expect(chunks.join('')).toMatch(/INFO.*hello\n\s+context: "Test"\n\s+room: "r1"/);
  });
});
