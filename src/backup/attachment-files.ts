import { constants, type Dirent } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** An attachment that a copy of the database names. */
export interface NamedFile {
  readonly id: string;
  readonly bytes: number;
}

const PRIVATE_FOLDER = 0o700;

/** The last two digits of the ids in it. What else stands beside such folders is on its way, and no message names it. */
const FAN_OUT = /^[0-9a-f-]{2}$/;
const ID = /^[0-9a-f-]{8,64}$/;

/** Copies the files of members from one folder into another. A file never changes, so one that is there need not be read again. */
export class AttachmentFiles {
  constructor(
    private readonly source: string,
    private readonly target: string,
  ) {}

  /** Copies all that are there now. One that is deleted meanwhile is passed over. */
  async copyAll(): Promise<void> {
    for (const id of await this.#ids(this.source)) await this.#copy(id);
  }

  /** Makes the target what a copy of the database names, neither more nor less. Returns the ids that are nowhere. */
  async settle(named: readonly NamedFile[]): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const { id, bytes } of named) {
      if (!(await this.#isWhole(id, bytes)) && !(await this.#copy(id))) missing.push(id);
    }
    const wanted = new Set(named.map(({ id }) => id));
    const surplus = (await this.#ids(this.target)).filter((id) => !wanted.has(id));
    for (const id of surplus) await rm(fileIn(this.target, id));
    return missing;
  }

  async #copy(id: string): Promise<boolean> {
    const file = fileIn(this.target, id);
    await mkdir(join(file, '..'), { recursive: true, mode: PRIVATE_FOLDER });
    try {
      await copyFile(fileIn(this.source, id), `${file}.part`, constants.COPYFILE_FICLONE);
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
    await synced(`${file}.part`);
    await rename(`${file}.part`, file);
    return true;
  }

  async #isWhole(id: string, bytes: number): Promise<boolean> {
    try {
      return (await stat(fileIn(this.target, id))).size === bytes;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async #ids(folder: string): Promise<string[]> {
    const folders = (await entriesOf(folder)).filter(
      (entry) => entry.isDirectory() && FAN_OUT.test(entry.name),
    );
    const lists = await Promise.all(folders.map(async ({ name }) => entriesOf(join(folder, name))));
    return lists.flat().flatMap((entry) => (entry.isFile() && ID.test(entry.name) ? [entry.name] : []));
  }
}

/** As the service lays them out. */
function fileIn(folder: string, id: string): string {
  return join(folder, id.slice(-2), id);
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function synced(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
