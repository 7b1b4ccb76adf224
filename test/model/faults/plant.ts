import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault } from './faults.js';

/** Starts the copy as tests start the service: without limits, and with cheap password hashes. */
const MAIN = `
import { startServer } from './src/testing/index.js';
const env = { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' };
const { url } = await startServer({ env, dataDir: process.cwd() });
console.log('Parley listens on ' + url);
`;

/** The service with a fault, ready to be started. */
export interface PlantedService {
  readonly main: string;
  remove(): Promise<void>;
}

/** Copies the compiled service and plants the fault; fails when the place for it is not there, or not the only one. */
export async function plant(fault: Pick<Fault, 'find' | 'replace'>, folder: string): Promise<PlantedService> {
  const compiled = process.env['PARLEY_COMPILED_DIR'];
  if (compiled === undefined) throw new Error('the service is not compiled');
  // Inside of the run's folder, from where the packages are found, and with which it goes.
  const copy = join(compiled, 'faults', folder);
  await cp(join(compiled, 'src'), join(copy, 'src'), { recursive: true });
  const file = await placeOf(fault.find, join(copy, 'src', 'features', 'chat'));
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace(fault.find, () => fault.replace),
  );
  const main = join(copy, 'main.mjs');
  await writeFile(main, MAIN);
  return { main, remove: async () => rm(copy, { recursive: true, force: true }) };
}

async function placeOf(text: string, folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const places: string[] = [];
  for (const file of files) {
    const times = (await readFile(file, 'utf8')).split(text).length - 1;
    places.push(...Array.from({ length: times }, () => file));
  }
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw new Error(`the fault's place is there ${places.length} times instead of once: ${text}`);
  return place;
}
