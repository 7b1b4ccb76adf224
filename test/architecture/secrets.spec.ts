import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const src = fileURLToPath(new URL('../../src', import.meta.url));

const SECRET = /(?:token|secret|password|digest|signature|hmac|ticket|(?<!request_?)hash)$/i;
/** Both sides of an equality, as far as they are names or properties. */
const EQUALITY = /([\w.#?]+(?:\(\))?) *[!=]==? *([\w.#?'"]+)/g;
/** What tells nothing about the other side: that it is there, or what kind of thing it is. */
const PLAIN = /^(?:null|undefined|true|false|\d.*|['"].*)$/;

/** A header's word that is not secret, for all its name. */
const WORDS = ['realtime/upgrade/handshake.ts: .toLowerCase() === token'];

/** Where a secret is compared in a time that tells how much of it was right. */
function tellingComparisons(file: string, source: string): string[] {
  const found = [...source.matchAll(EQUALITY)].filter(
    ([, left = '', right = '']) =>
      [left, right].every((side) => !PLAIN.test(side)) && [left, right].some((side) => SECRET.test(side)),
  );
  return found.map(([comparison]) => `${file}: ${comparison}`);
}

describe('secrets (T27)', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/(spec|contract|testing)\.ts$|^testing\//.test(file),
  );

  it('are compared nowhere by ===, which tells by its time how much was right', () => {
    const telling = files.flatMap((file) => tellingComparisons(file, readFileSync(`${src}/${file}`, 'utf8')));
    expect(telling.filter((place) => !WORDS.includes(place))).toEqual([]);
  });

  it.each([
    'token === expected',
    'expected !== this.#settings.adminToken',
    'given == signature',
    'a.digest === b.digest',
    'session.passwordHash === hash',
  ])('would be found in %s', (comparison) => {
    expect(tellingComparisons('x.ts', `if (${comparison}) return;`)).toHaveLength(1);
  });

  it.each([
    'token === undefined',
    "ticket !== ''",
    'passwordHash === null',
    'first.requestHash === send.requestHash',
  ])('would not be seen in %s', (comparison) => {
    expect(tellingComparisons('x.ts', `if (${comparison}) return;`)).toEqual([]);
  });
});
