import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}/docs/security.md`, 'utf8');

const THREATS = Array.from({ length: 50 }, (_, index) => `T${String(index + 1).padStart(2, '0')}`);
const THREAT = /\bT(?:0[1-9]|[1-4]\d|50)\b/g;
/** A text of one line that names a threat: titles, also those in a table of cases. */
const TITLE = /(['"`])((?:(?!\1)[^\n])*?\bT(?:0[1-9]|[1-4]\d|50)\b(?:(?!\1)[^\n])*)\1/g;

interface Proof {
  readonly threat: string;
  readonly file: string;
  readonly title: string;
}

const rows = [...page.matchAll(/^\| (T\d\d) \| [^|]+ \| ([^|]+) \|$/gm)].map(
  ([, threat = '', proofs = '']) => ({
    threat,
    proofs: [...proofs.matchAll(/\[[^\]]+\]\(\.\.\/([^)]+)\) “([^”]+)”/g)].map(
      ([, file = '', title = '']): Proof => ({ threat, file, title }),
    ),
  }),
);

const specs = ['src', 'test', 'examples']
  .flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file}`,
    ),
  )
  .filter((file) => file.endsWith('spec.ts') && !/node_modules|\/dist\//.test(file));

/** What the specs say that they prove. */
const titled: Proof[] = specs.flatMap((file) =>
  [...readFileSync(`${root}/${file}`, 'utf8').matchAll(TITLE)].flatMap(([, , title = '']) =>
    (title.match(THREAT) ?? []).map((threat) => ({ threat, file, title })),
  ),
);

describe('the threats in docs/security.md', () => {
  it('are each there once, with a proof', () => {
    expect(rows.map(({ threat }) => threat)).toEqual(THREATS);
    expect(rows.filter(({ proofs }) => proofs.length === 0)).toEqual([]);
  });

  it('are proved by tests that there are, and that name them', () => {
    const named = rows.flatMap(({ proofs }) => proofs);
    const isTitled = (proof: Proof): boolean =>
      titled.some(
        ({ threat, file, title }) =>
          threat === proof.threat && file === proof.file && title.startsWith(proof.title),
      );
    expect(named.filter((proof) => !isTitled(proof))).toEqual([]);
  });

  it('lead to every test that names one', () => {
    const named = new Set(
      rows.flatMap(({ proofs }) => proofs.map(({ threat, file }) => `${threat} ${file}`)),
    );
    const missing = titled.map(({ threat, file }) => `${threat} ${file}`).filter((pair) => !named.has(pair));
    expect([...new Set(missing)]).toEqual([]);
  });
});
