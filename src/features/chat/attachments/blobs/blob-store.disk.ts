import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { BlobStore, type ByteRange } from './blob-store.js';
import { ifThere, PRIVATE_FOLDER, syncFolder, writeFileFrom } from './files.js';

/** Ids as the service makes them: nothing else becomes part of a path. */
const ID = /^[0-9a-f-]{8,64}$/;

/** An id's end is random, its beginning is the time: the end spreads the files over 256 folders. */
const FAN_OUT = -2;

export interface DiskSettings {
  readonly folder: string;
  readonly isDurable: boolean;
}

/** One file for each blob. It is written beside its place and moved there when it is whole. */
export class DiskBlobStore extends BlobStore {
  constructor(private readonly settings: DiskSettings) {
    super();
  }

  async put(id: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const file = this.fileOf(id);
    await this.makeFolder(dirname(file));
    const aside = asideOf(file);
    await writeFileFrom(aside, source, this.settings.isDurable);
    await rename(aside, file);
    if (this.settings.isDurable) await syncFolder(dirname(file));
  }

  async open(id: string, range?: ByteRange): Promise<Readable | undefined> {
    const handle = await ifThere(open(this.fileOf(id), 'r'));
    return handle?.createReadStream(range);
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (const file of ids.map((id) => this.fileOf(id))) {
      await rm(asideOf(file), { force: true });
      await rm(file, { force: true });
    }
  }

  private fileOf(id: string): string {
    if (!ID.test(id)) throw new Error('a blob was asked for by what is no id');
    return join(this.settings.folder, id.slice(FAN_OUT), id);
  }

  private async makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
    if (first === undefined || !this.settings.isDurable) return;
    // Each new folder is a name in the one above it.
    const root = dirname(first);
    for (let made = dirname(folder); made.length >= root.length; made = dirname(made)) {
      await syncFolder(made);
      if (made === root) break;
    }
  }
}

function asideOf(file: string): string {
  return `${file}.part`;
}
