import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const swc = JSON.parse(readFileSync(join(root, '.swcrc.json'), 'utf8'));
delete swc.jsc.baseUrl;

/** The service, and what of the tests runs in processes of its own. */
const FOLDERS = ['src', 'test/support', 'test/checker', 'test/faults'];

/**
 * Jest transforms what it imports itself, but a worker thread and a child process load plain files. This compiles
 * them once per run into `.test-build`, with the same transform, for both of them. It is written aside and
 * moved into place, so that two runs side by side never read a half-written copy.
 */
export default async function compile() {
  const target = join(root, '.test-build', `run-${process.pid}`);
  const files = (await Promise.all(FOLDERS.map(sourcesIn))).flat();
  await Promise.all(files.map((entry) => compileFile(join(entry.parentPath, entry.name), target)));
  process.env.PARLEY_COMPILED_DIR = target;
  await removeOldRuns();
}

async function sourcesIn(folder) {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter(
    (entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('spec.ts'),
  );
}

async function compileFile(file, target) {
  const { code } = await transformFile(file, { ...swc, swcrc: false });
  const output = join(target, relative(root, file)).replace(/\.ts$/, '.js');
  await mkdir(dirname(output), { recursive: true });
  await writeFile(`${output}.tmp`, code);
  await rename(`${output}.tmp`, output);
}

/** Runs of processes that have ended left their copy behind. */
async function removeOldRuns() {
  const runs = await readdir(join(root, '.test-build'));
  const ended = runs.filter((run) => !isAlive(Number(run.replace('run-', ''))));
  await Promise.all(ended.map((run) => rm(join(root, '.test-build', run), { recursive: true, force: true })));
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
