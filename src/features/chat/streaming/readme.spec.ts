import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

const LIMITS = '../log/append/streaming/limits.ts';
const PUSHES = 'pushes/stream-pushes.ts';

const read = async (file: string) => readFile(join(import.meta.dirname, file), 'utf8');

const found = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name = '']) => name).toSorted();

/** A number that a file declares. */
async function numberIn(file: string, name: string): Promise<number> {
  const [value = ''] = found(await read(file), new RegExp(`const ${name} = ([\\d_]+);`, 'g'));
  return Number(value.replaceAll('_', ''));
}

describe('the README of streaming', () => {
  let readme: string;

  beforeAll(async () => {
    readme = await read('README.md');
  });

  function section(heading: string): string {
    const [, from = ''] = readme.split(`## ${heading}\n`);
    return from.split('\n## ')[0] ?? '';
  }

  it('lists every request, and no other', async () => {
    const requests = found(await read('streaming.gateway.ts'), /@SubscribeMessage\('([^']+)'\)/g);
    expect(requests).not.toHaveLength(0);
    expect(found(section('Requests'), /^\| `([a-z.]+)` \|/gm)).toEqual(requests);
  });

  it('gives the limits of the source, and no others', async () => {
    const whole = await numberIn('../messages/message-text.decorator.ts', 'LONGEST_TEXT');
    const ofUser = await numberIn(LIMITS, 'MAX_STREAMS_OF_USER');
    const ofUserHere = await numberIn(LIMITS, 'MAX_STREAMS_OF_USER_IN_ROOM');
    const push = await numberIn(PUSHES, 'PUSH_MS');
    const slowPush = await numberIn(PUSHES, 'LARGE_ROOM_PUSH_MS');
    const rows = [
      `| the whole text | ${whole.toLocaleString('en')} characters |`,
      `| open streams of a user | ${ofUser}, and ${ofUserHere} in one room |`,
      `| open streams in a room | ${await numberIn(LIMITS, 'MAX_STREAMS_IN_ROOM')} |`,
      `| without an append | ${(await numberIn(LIMITS, 'STREAM_IDLE_MS')) / 1000} s, then it ends by itself |`,
      `| from its start | ${(await numberIn(LIMITS, 'STREAM_LIFE_MS')) / 1000} s, then it ends by itself |`,
      `| pushes of a stream | one in ${push} ms; in large rooms one in ${slowPush.toLocaleString('en')} ms |`,
      `| age of what a crash loses | less than a second: written every ${await numberIn('keeping/stream-keeper.ts', 'CHECKPOINT_MS')} ms |`,
      `| a closed stream is known by its id | ${(await numberIn(LIMITS, 'STREAM_KEPT_MS')) / 3_600_000} h |`,
    ];
    expect(found(section('Limits'), /^(\| (?!what|---).*\|)$/gm)).toEqual(rows.toSorted());
  });
});
