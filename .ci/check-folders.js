import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A folder with more source files than this has sub-folders in it that nobody named yet. */
const MAX_SOURCE_FILES = 12;

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['src', 'examples', 'test', 'bench'].flatMap((top) => foldersUnder(join(root, top)));
const full = folders.filter(({ files }) => files.length > MAX_SOURCE_FILES);
for (const { path, files } of full) {
  process.stderr.write(
    `${path.slice(root.length)}: ${files.length} source files, at most ${MAX_SOURCE_FILES}\n`,
  );
}
process.exitCode = full.length > 0 ? 1 : 0;

function foldersUnder(path) {
  const entries = readdirSync(path, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /(?<!spec)\.ts$/.test(entry.name));
  const below = entries.filter(
    (entry) => entry.isDirectory() && !['dist', 'node_modules', 'data'].includes(entry.name),
  );
  return [{ path, files }, ...below.flatMap((entry) => foldersUnder(join(path, entry.name)))];
}
