import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

/**
 * Runs Jest with a PostgreSQL of its own in place of the embedded database: what is named on the command line, or all unit
 * specs that open a database; options are Jest's own, `--name=value`.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const servers = join(root, 'test/support/servers');

/** A test's database is for that test only: nobody wants to find it after a crash. */
const settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '200' };

const OPENS_DATABASE = /openTestDatabase\(|sync-world\.js/;

/** What such a spec asks for when it is about that database alone. */
const EMBEDDED_ONLY = "store: 'embedded'";

const { PostgresServer } = await compiledServers();
const server = await PostgresServer.start({ settings });
try {
  const given = process.argv.slice(2);
  const isNamed = given.some((parameter) => !parameter.startsWith('-'));
  process.exitCode = await jest(isNamed ? given : [...given, ...specs()]);
} finally {
  await server.stop();
}

async function jest(parameters) {
  const child = spawn('npm', ['test', '--silent', '--', ...parameters], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PARLEY_TEST_POSTGRES: server.url() },
  });
  // An interrupt reaches Jest, too; the server is stopped when Jest has ended.
  process.on('SIGINT', () => undefined);
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

function specs() {
  const files = ['src', 'test'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true }).map((file) => join(top, file)),
  );
  return files.filter(
    (file) =>
      file.endsWith('.spec.ts') && OPENS_DATABASE.test(read(file)) && !read(file).includes(EMBEDDED_ONLY),
  );
}

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}

async function compiledServers() {
  const target = join(root, '.test-build', `run-${process.pid}`);
  const swc = JSON.parse(read('.swcrc.json'));
  delete swc.jsc.baseUrl;
  await mkdir(target, { recursive: true });
  for (const file of await readdir(servers)) {
    const { code } = await transformFile(join(servers, file), { ...swc, swcrc: false });
    await writeFile(join(target, file.replace(/\.ts$/, '.js')), code);
  }
  const module = await import(join(target, 'postgres-server.js'));
  await rm(target, { recursive: true });
  return module;
}
