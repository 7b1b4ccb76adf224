import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The address under which a thread can import the file with this `import.meta.url`. A thread loads plain JavaScript.
 * A test runner that transforms TypeScript in memory leaves the address of the source; the compiled twin of a file of
 * this package is then in the folder that `PARLEY_COMPILED_DIR` names.
 */
export function compiledUrl(url: string): string {
  if (!url.endsWith('.ts')) return url;
  const compiled = process.env['PARLEY_COMPILED_DIR'];
  if (compiled === undefined) {
    throw new Error(`a database thread cannot import ${url}: compile it, and run the compiled file`);
  }
  const path = relative(ROOT, fileURLToPath(url)).replace(/\.ts$/, '.js');
  return pathToFileURL(join(compiled, path)).href;
}
