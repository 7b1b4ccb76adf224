import { createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const PRIVATE_FILE = 0o600;

/** Only their owner may list or read what is in them. */
export const PRIVATE_FOLDER = 0o700;

/** Writes a new private file; when the source or the disk fails, there is none. */
export async function writeFileFrom(
  file: string,
  source: AsyncIterable<Uint8Array>,
  isDurable: boolean,
): Promise<void> {
  try {
    await pipeline(source, createWriteStream(file, { flags: 'wx', mode: PRIVATE_FILE, flush: isDurable }));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** Brings the names in a folder to the disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `undefined` instead of the error for a file that is not there. */
export async function ifThere<T>(opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
