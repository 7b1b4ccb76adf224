import { mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/index.js';
import { keptAttachments } from '../features/chat/index.js';
import {
  POSTGRES_FILE,
  type Snapshot,
  snapshotPostgres,
  snapshotSqlite,
  SQLITE_FILE,
  stepsOf,
} from '../storage/index.js';
import { AttachmentFiles, type NamedFile } from './attachment-files.js';
import { writeManifest } from './manifest.js';

export const ATTACHMENTS = 'attachments';

/** The settings that say where the data are. */
export type Place = Pick<Config, 'DATA_DIR' | 'DATABASE_URL' | 'S3_URL'>;

type Say = (line: string) => void;

/** How often the database is copied anew because a file was deleted while it was to be copied. */
const MAX_COPIES = 10;

/**
 * Copies the database and the files of members into a new folder, while the service goes on. The folder has its name once all is
 * in it. The files are those that the database names at the moment of its copy.
 */
export async function takeBackup(place: Place, { folder }: { folder: string }, say: Say): Promise<void> {
  const aside = await newFolder(folder);
  try {
    const { snapshot, missing, files } = await copy(place, aside);
    const steps = [...(await stepsOf(snapshot))];
    await snapshot.close();
    const attachments = place.S3_URL === null ? 'folder' : 'bucket';
    const { dialect } = snapshot;
    await writeManifest(aside, { madeAt: new Date().toISOString(), dialect, steps, attachments, files });
    await rename(aside, folder);
    for (const id of missing)
      say(`Warning: the attachment ${id} has lost its file; it answers 404 in the service, too`);
    if (attachments === 'bucket')
      say('The files of members are in the bucket of S3_URL, which needs a backup of its own');
    say(`Backup: ${resolve(folder)} (${dialect}, ${files} files of members)`);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

async function newFolder(folder: string): Promise<string> {
  if (existsSync(folder)) throw new Error(`${folder} is there already: name a folder that is not`);
  const aside = `${folder}.part`;
  try {
    await mkdir(aside, { mode: 0o700 });
    return aside;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new Error(`${aside} is there: another backup is being made, or one has died; then delete it`, {
        cause: error,
      });
    }
    if (code === 'ENOENT')
      throw new Error(`the folder above ${folder} does not exist: make it`, { cause: error });
    throw error;
  }
}

interface Copied {
  readonly snapshot: Snapshot;
  readonly files: number;
  /** Files that are named by the database and lost. */
  readonly missing: readonly string[];
}

/**
 * The files first, then the database, then the files that were added meanwhile. A file that went in between is one that the
 * next copy of the database does not name any more; one that is missing twice was lost before.
 */
async function copy(place: Place, aside: string): Promise<Copied> {
  const files = new AttachmentFiles(join(place.DATA_DIR, ATTACHMENTS), join(aside, ATTACHMENTS));
  if (place.S3_URL !== null) return { snapshot: await copyDatabase(place, aside), files: 0, missing: [] };
  await files.copyAll();
  let before = new Set<string>();
  for (let copies = 1; ; copies++) {
    const snapshot = await copyDatabase(place, aside);
    const named = await namedBy(snapshot);
    const missing = await files.settle(named);
    if (missing.every((id) => before.has(id)))
      return { snapshot, missing, files: named.length - missing.length };
    await snapshot.close();
    if (copies === MAX_COPIES)
      throw new Error('files were deleted faster than they can be copied: try again');
    before = new Set(missing);
  }
}

async function copyDatabase({ DATABASE_URL, DATA_DIR }: Place, aside: string): Promise<Snapshot> {
  for (const name of [SQLITE_FILE, POSTGRES_FILE]) await rm(join(aside, name), { force: true });
  return DATABASE_URL === null ? snapshotSqlite(DATA_DIR, aside) : snapshotPostgres(DATABASE_URL, aside);
}

async function namedBy(snapshot: Snapshot): Promise<NamedFile[]> {
  const rows = await snapshot.rows(keptAttachments);
  return rows.map(({ id, bytes }) => ({ id: String(id), bytes: Number(bytes) }));
}
