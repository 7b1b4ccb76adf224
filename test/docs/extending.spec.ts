import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/extending.md'), 'utf8');
const files = new Map(
  [...page.matchAll(/^```ts\n\/\/ (\S+)\n([^]*?)^```$/gm)].map(([, name = '', text = '']) => [name, text]),
);

describe('the code in docs/extending.md', () => {
  // Inside the repository, so that packages are found.
  const folder = join(root, '.test-build', `run-${process.pid}`, 'extending');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is the code of examples/polls', () => {
    const example = ['app.module.ts', 'main.ts', 'polls.frames.ts', 'polls.migrations.ts', 'polls.module.ts'];
    for (const name of [...example, 'polls.service.ts', 'polls.gateway.ts']) {
      const source = readFileSync(join(root, 'examples/polls', name), 'utf8');
      expect([name, files.get(name)?.trim()]).toEqual([name, source.trim()]);
    }
  });

  it('is the code of examples/webhooks', () => {
    for (const name of ['webhooks.consumer.ts', 'webhooks.module.ts']) {
      const source = readFileSync(join(root, 'examples/webhooks', name), 'utf8');
      expect([name, files.get(name)?.trim()]).toEqual([name, source.trim()]);
    }
  });

  it('is the code of examples/api-keys', () => {
    const shown = [
      'api-key.guard.ts',
      'api-keys.service.ts',
      'room-role.guard.ts',
      'announcements.gateway.ts',
    ];
    for (const name of shown) {
      const source = readFileSync(join(root, 'examples/api-keys', name), 'utf8');
      expect([name, files.get(name)?.trim()]).toEqual([name, source.trim()]);
    }
  });

  it('compiles against the public front', () => {
    mkdirSync(folder, { recursive: true });
    // What the page leaves out of an example.
    for (const name of ['api-keys.migrations.ts', 'announcements.service.ts']) {
      copyFileSync(join(root, 'examples/api-keys', name), join(folder, name));
    }
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
    const compilerOptions = {
      rootDir: root,
      noEmit: true,
      paths: { parley: [join(root, 'src/index.ts')], 'parley/testing': [join(root, 'src/testing/index.ts')] },
    };
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line.includes('extending/'))).toEqual([]);
  }, 120_000);
});
