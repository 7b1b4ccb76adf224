import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AUTH_MIGRATIONS, endedSessions } from '../features/auth/index.js';
import { chatMigrations, renewedEpoch } from '../features/chat/index.js';
import { presenceMigrations } from '../features/presence/index.js';
import {
  type BuildQuery,
  POSTGRES_FILE,
  requireEmptyPostgres,
  requireKnownSteps,
  restorePostgres,
  SQLITE_FILE,
  SqliteRestore,
} from '../storage/index.js';
import { AttachmentFiles } from './attachment-files.js';
import { ATTACHMENTS, type Place } from './backup.js';
import { type Manifest, readManifest } from './manifest.js';
import type { Task } from './usage.js';

type Say = (line: string) => void;

const MIGRATIONS = [...AUTH_MIGRATIONS, ...chatMigrations, ...presenceMigrations];

/**
 * Puts a backup where the settings point. The log gets a new epoch, so that clients that have seen more than the backup holds
 * begin anew, and all sessions of ours end, unless they are to be kept.
 */
export async function restoreBackup(place: Place, task: Task, say: Say): Promise<void> {
  const manifest = await readManifest(task.folder);
  requireSameStore(manifest, place);
  requireKnownSteps(manifest.steps, MIGRATIONS, manifest.dialect);
  if (place.DATABASE_URL === null) await restoreEmbedded(place, manifest, task);
  else await restoreShared(place, manifest, task, place.DATABASE_URL);
  say(`Restored: the backup of ${manifest.madeAt} (${manifest.dialect}, ${manifest.files} files of members)`);
  if (!task.keepsSessions) say('All sessions are ended: users log in again');
  sayOfFiles(manifest, place, { folder: task.folder, say });
}

function requireSameStore({ dialect }: Manifest, { DATABASE_URL }: Place): void {
  if (dialect === 'sqlite' && DATABASE_URL !== null) {
    throw new Error(
      'the backup is of the embedded store, and DATABASE_URL is set: restore it without DATABASE_URL',
    );
  }
  if (dialect === 'postgres' && DATABASE_URL === null) {
    throw new Error('the backup is of PostgreSQL: set DATABASE_URL to an empty database');
  }
}

function changesOf({ keepsSessions }: Task): BuildQuery[] {
  const nowMs = Date.now();
  return keepsSessions ? [renewedEpoch] : [renewedEpoch, (builder) => endedSessions(builder, nowMs)];
}

async function restoreEmbedded(place: Place, manifest: Manifest, task: Task): Promise<void> {
  const restore = await SqliteRestore.begin({ dataDir: place.DATA_DIR, isReplacing: task.isReplacing });
  try {
    const files = takesFiles(place, manifest);
    if (files) await stageFiles(place, task, restore.stage);
    const database = join(task.folder, SQLITE_FILE);
    await restore.take(database, { migrations: MIGRATIONS, changes: changesOf(task) });
    if (files) await moveFiles(place, restore.stage);
    await restore.finish();
  } finally {
    await restore.release();
  }
}

async function restoreShared(place: Place, manifest: Manifest, task: Task, url: string): Promise<void> {
  await requireEmptyPostgres(url);
  const stage = join(place.DATA_DIR, 'restoring');
  const dump = join(task.folder, POSTGRES_FILE);
  if (!takesFiles(place, manifest)) return restorePostgres(url, dump, changesOf(task));
  try {
    await mkdir(stage, { recursive: true, mode: 0o700 });
    await stageFiles(place, task, stage);
    await restorePostgres(url, dump, changesOf(task));
    await moveFiles(place, stage);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

function takesFiles({ S3_URL }: Place, { attachments }: Manifest): boolean {
  return attachments === 'folder' && S3_URL === null;
}

async function stageFiles({ DATA_DIR }: Place, { folder, isReplacing }: Task, stage: string): Promise<void> {
  const place = join(DATA_DIR, ATTACHMENTS);
  if (existsSync(place) && !isReplacing) {
    throw new Error(
      `${place} is there: set DATA_DIR to another folder, or say --replace, which deletes the files in it`,
    );
  }
  const staged = join(stage, ATTACHMENTS);
  await rm(staged, { recursive: true, force: true });
  await mkdir(staged, { mode: 0o700 });
  await new AttachmentFiles(join(folder, ATTACHMENTS), staged).copyAll();
}

async function moveFiles({ DATA_DIR }: Place, stage: string): Promise<void> {
  const place = join(DATA_DIR, ATTACHMENTS);
  if (existsSync(place)) await rename(place, join(stage, 'replaced'));
  await rename(join(stage, ATTACHMENTS), place);
}

function sayOfFiles(
  { attachments, files }: Manifest,
  { S3_URL }: Place,
  { folder, say }: { folder: string; say: Say },
): void {
  if (attachments === 'bucket') {
    say('The files of members are not in the backup: they are in the bucket of the service that it is of');
  } else if (S3_URL !== null && files > 0) {
    say(
      `The files of members are not in the bucket yet: copy each of ${join(folder, ATTACHMENTS)} to an object named by its id`,
    );
  }
}
