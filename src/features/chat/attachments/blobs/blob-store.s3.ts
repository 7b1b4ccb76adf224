import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsV4Signer } from 'aws4fetch';
import { BlobStore, type ByteRange } from './blob-store.js';
import type { Bucket } from './bucket.js';
import { PRIVATE_FOLDER, writeFileFrom } from './files.js';

/** No byte in this time: the server does not work. */
const IDLE_TIMEOUT_MS = 15_000;

/** An upload on its way is over long before. */
const SPOOLED_LIFE_MS = 86_400_000;

export interface S3Settings {
  readonly bucket: Bucket;
  /** Folder of this node's own for uploads on their way to the bucket. */
  readonly folder: string;
}

interface S3Call {
  readonly method: 'PUT' | 'GET' | 'DELETE';
  readonly id: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A file to send. */
  readonly body?: string;
}

/**
 * One object for each blob. S3 wants to know an object's length beforehand, and a form's file has none: so it is
 * gathered in a file of this node first, and sent from there. What breaks off never reaches the bucket.
 */
export class S3BlobStore extends BlobStore {
  #folder: Promise<void> | undefined;

  constructor(private readonly settings: S3Settings) {
    super();
  }

  async put(id: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    this.#folder ??= this.prepareFolder();
    await this.#folder;
    const spooled = join(this.settings.folder, id);
    await writeFileFrom(spooled, source, false);
    try {
      const { size } = await stat(spooled);
      const answer = await this.call({
        method: 'PUT',
        id,
        headers: { 'content-length': String(size) },
        body: spooled,
      });
      await done(answer);
    } finally {
      await rm(spooled, { force: true });
    }
  }

  async open(id: string, range?: ByteRange): Promise<Readable | undefined> {
    const headers = range && { range: `bytes=${range.start}-${range.end}` };
    const answer = await this.call({ method: 'GET', id, ...(headers && { headers }) });
    if (answer.statusCode === 404) {
      answer.resume();
      return undefined;
    }
    if (answer.statusCode !== (range ? 206 : 200)) throw await failure(answer);
    return answer;
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await rm(join(this.settings.folder, id), { force: true });
      const answer = await this.call({ method: 'DELETE', id });
      if (answer.statusCode === 404) answer.resume();
      else await done(answer);
    }
  }

  /** What a crash left there is of no use to anyone. Ages of files are by the system's clock, not by ours. */
  private async prepareFolder(): Promise<void> {
    const { folder } = this.settings;
    const isNew = (await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER })) !== undefined;
    if (isNew) return;
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
      if (mtimeMs < Date.now() - SPOOLED_LIFE_MS) await rm(file, { force: true });
    }
  }

  private async call({ method, id, headers = {}, body }: S3Call): Promise<IncomingMessage> {
    const { url, ...keys } = this.settings.bucket;
    const unsigned = { method, url: `${url}/${id}`, headers: { ...headers }, ...keys, service: 's3' };
    const signed = await new AwsV4Signer(unsigned).sign();
    const send = signed.url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(signed.url, {
      method,
      headers: { ...Object.fromEntries(signed.headers), ...headers },
    });
    request.setTimeout(IDLE_TIMEOUT_MS, () => request.destroy(new Error('the bucket does not answer')));
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
    });
    if (body === undefined) request.end();
    // A server that refuses may stop reading: then its answer counts, not the broken pipe.
    else pipeline(createReadStream(body), request).catch(() => undefined);
    return await answered;
  }
}

async function done(answer: IncomingMessage): Promise<void> {
  const { statusCode = 0 } = answer;
  const isDone = statusCode >= 200 && statusCode < 300;
  if (!isDone) throw await failure(answer);
  answer.resume();
}

const LONGEST_REASON = 300;

/** The answer's own words say what is wrong with the key or the bucket; they are for the log. */
async function failure(answer: IncomingMessage): Promise<Error> {
  let reason = '';
  for await (const chunk of answer) {
    reason += String(chunk);
    if (reason.length > LONGEST_REASON) break;
  }
  return new Error(`the bucket answered ${answer.statusCode}: ${reason.slice(0, LONGEST_REASON)}`);
}
