import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** The house in small: nothing in it breaks a rule. */
const HOUSE = {
  'src/main.ts': `import './app.module.js';`,
  'src/app.module.ts': `import './features/chat/index.js'; import './features/polls/index.js'; import './ops/index.js';`,
  'src/index.ts': `export * from './realtime/index.js';`,
  'src/config/index.ts': `import 'zod';`,
  'src/realtime/index.ts': `import './socket.js';`,
  'src/realtime/socket.ts': `import 'ws'; export const socket = 1;`,
  'src/storage/index.ts': `import 'kysely';`,
  'src/storage/store.ts': `export const defineStore = 1;`,
  'src/storage/inside.ts': `export const inside = 1;`,
  'src/storage/testing.ts': `export const openTestDatabase = 1;`,
  'src/ops/index.ts': `import '../config/index.js'; import '../realtime/index.js';`,
  'src/features/auth/index.ts': `import '../../realtime/index.js'; export const users = 1;`,
  'src/features/auth/inside.ts': `export const inside = 1;`,
  'src/features/auth/users.store.ts': `import { defineStore } from '../../storage/store.js'; import 'kysely'; export const s = defineStore;`,
  'src/features/auth/users.spec.ts': `import '../../storage/testing.js'; import './testing.js';`,
  'src/features/auth/testing.ts': `import '../../testing/index.js';`,
  'src/features/chat/index.ts': `import '../auth/index.js'; import './log/index.js'; import type { Kysely } from 'kysely'; export type T = Kysely<unknown>;`,
  'src/features/chat/log/index.ts': `export const log = 1;`,
  'src/features/chat/log/inside.ts': `export const inside = 1;`,
  'src/features/presence/index.ts': `import '../chat/index.js';`,
  'src/features/polls/index.ts': `import '../chat/index.js';`,
  'src/features/bots/index.ts': `export const bots = 1;`,
  'src/testing/index.ts': `import '../app.module.js'; import 'ws';`,
  'src/testing/contracts.ts': `import '../features/auth/users.contract.js';`,
  'src/features/auth/users.contract.ts': `export const contract = 1;`,
  'examples/polls/main.ts': `import '../../src/index.js';`,
  'examples/polls/polls.e2e-spec.ts': `import '../../src/testing/index.js';`,
  'test/whole.spec.ts': `import '../src/testing/index.js';`,
};

/** Each line adds one import to the house, and names the rule that must refuse it. */
const PLANTED: readonly (readonly [rule: string, file: string, specifier: string])[] = [
  ['kernel-knows-nothing-above', 'src/realtime/socket.ts', '../storage/index.js'],
  ['kernel-knows-nothing-above', 'src/realtime/socket.ts', '../features/polls/index.js'],
  ['storage-knows-nothing-above', 'src/storage/inside.ts', '../realtime/index.js'],
  ['config-knows-nothing-else', 'src/config/index.ts', '../storage/index.js'],
  ['ops-knows-no-feature', 'src/ops/index.ts', '../features/bots/index.js'],
  ['features-know-no-process', 'src/features/auth/inside.ts', '../../config/index.js'],
  ['features-know-no-process', 'src/features/auth/inside.ts', '../../app.module.js'],
  ['through-the-front', 'src/ops/index.ts', '../storage/inside.js'],
  ['through-the-front-in-stores', 'src/features/auth/users.store.ts', '../../storage/inside.js'],
  ['through-the-front-in-specs', 'src/features/auth/users.spec.ts', '../../storage/inside.js'],
  ['through-the-front-from-outside', 'src/main.ts', './storage/inside.js'],
  ['through-the-feature-front', 'src/features/chat/index.ts', '../auth/inside.js'],
  ['through-the-feature-front-from-outside', 'src/app.module.ts', './features/auth/inside.js'],
  ['through-the-inner-front', 'src/features/chat/index.ts', './log/inside.js'],
  ['base-features-one-way', 'src/features/auth/inside.ts', '../chat/index.js'],
  ['base-features-one-way', 'src/features/chat/log/inside.ts', '../../presence/index.js'],
  ['base-knows-no-add-on', 'src/features/presence/index.ts', '../bots/index.js'],
  ['add-ons-apart', 'src/features/polls/index.ts', '../bots/index.js'],
  ['sockets-in-the-kernel-only', 'src/features/auth/inside.ts', 'ws'],
  ['sockets-in-the-kernel-only', 'examples/polls/main.ts', 'ws'],
  ['sql-in-stores-only', 'src/features/auth/inside.ts', 'kysely'],
  ['sql-in-stores-only', 'src/features/auth/inside.ts', 'libsql'],
  ['stores-without-nest', 'src/features/auth/users.store.ts', '@nestjs/common'],
  ['test-kit-in-tests-only', 'src/features/auth/inside.ts', '../../testing/index.js'],
  ['fixtures-in-specs-only', 'src/features/auth/inside.ts', './testing.js'],
  ['test-kit-without-runner', 'src/testing/index.ts', '@jest/globals'],
  ['contracts-only-gathered', 'src/testing/contracts.ts', '../features/auth/inside.js'],
  ['examples-by-the-public-front', 'examples/polls/main.ts', '../../src/storage/index.js'],
  ['no-specs-as-modules', 'src/features/auth/inside.ts', './users.spec.js'],
  ['no-dev-dependencies-in-production', 'src/realtime/socket.ts', 'fast-check'],
  ['no-unresolvable', 'src/realtime/socket.ts', './nowhere.js'],
];

describe('the rules of who may import whom', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-house-'));
    for (const file of ['.dependency-cruiser.js', 'tsconfig.json', 'package.json']) {
      cpSync(join(root, file), join(folder, file));
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };

  it('have nothing against the house', () => {
    for (const [file, text] of Object.entries(HOUSE)) write(file, text);
    expect(violations(folder)).toEqual([]);
  });

  it('refuse each planted import, and nothing else', () => {
    // Every planted import stands in a copy of its file, so that one run judges them all.
    const expected = PLANTED.map(([rule, file, specifier], index) => {
      const copy = file.replace(/(\.store|\.spec)?\.ts$/, `-planted-${index}$1.ts`);
      write(copy, `import '${specifier}'; export const planted = ${index};`);
      return { rule, copy };
    });
    const found = violations(folder);
    for (const { rule, copy } of expected) {
      expect([copy, ...rulesBrokenBy(found, copy)]).toEqual([copy, rule]);
    }
    const planted = new Set(expected.map(({ copy }) => copy));
    expect(found.filter(({ from }) => !planted.has(from))).toEqual([]);
  });

  it('refuse a cycle', () => {
    write('src/realtime/one.ts', `import './two.js';`);
    write('src/realtime/two.ts', `import './one.js';`);
    expect(rulesBrokenBy(violations(folder), 'src/realtime/one.ts')).toEqual(['no-cycles']);
  });

  it('are all proved here', () => {
    const rules = readFileSync(join(root, '.dependency-cruiser.js'), 'utf8').matchAll(/name: '([a-z-]+)'/g);
    const proved = ['no-cycles', ...PLANTED.map(([rule]) => rule)];
    expect(new Set(proved)).toEqual(new Set([...rules].map(([, name]) => name)));
  });

  it('hold for the service itself', () => {
    expect(violations(root)).toEqual([]);
  });
});

/** What dependency-cruiser has against the tree in this folder. */
function violations(folder: string): readonly Violation[] {
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const folders = ['src', 'examples', 'test'];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [cruiser, '--config', '.dependency-cruiser.js', '--output-type', 'json', ...folders],
    { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

function rulesBrokenBy(found: readonly Violation[], file: string): string[] {
  return found.filter(({ from }) => from === file).map(({ rule }) => rule.name);
}
