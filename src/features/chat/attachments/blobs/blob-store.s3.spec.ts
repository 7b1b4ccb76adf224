import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import S3rver from 's3rver';
import { newId } from '../../../../realtime/index.js';
import { blobStoreContract } from './blob-store.contract.js';
import { S3BlobStore } from './blob-store.s3.js';
import { bucketOf } from './bucket.js';

/** The key of the server under test, which knows its keys but does not check signatures of version 4. */
const KEY = 'S3RVER:S3RVER';

interface Bucket {
  readonly url: string;
  readonly folder: string;
  /** Names of the objects. */
  objects(): Promise<string[]>;
  close(): Promise<void>;
}

async function openBucket(): Promise<Bucket> {
  const home = await mkdtemp(join(tmpdir(), 'parley-s3-'));
  const directory = join(home, 'server');
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: 'files', configs: [] }],
  });
  const { port } = await server.run();
  return {
    url: `http://${KEY}@127.0.0.1:${port}/files/parley`,
    folder: join(home, 'spool'),
    objects: async () => {
      const names = await readdir(join(directory, 'files'), { recursive: true });
      return names.filter((name) => name.endsWith('_object'));
    },
    close: async () => {
      await server.close();
      await rm(home, { recursive: true });
    },
  };
}

function storeOf(url: string, folder: string): S3BlobStore {
  const bucket = bucketOf(url);
  if (!bucket) throw new Error(`${url} is no bucket`);
  return new S3BlobStore({ bucket, folder });
}

blobStoreContract('in a bucket', async () => {
  const bucket = await openBucket();
  const store = storeOf(bucket.url, bucket.folder);
  const spooled = async (): Promise<string[]> => readdir(bucket.folder).catch(() => []);
  return {
    store,
    kept: async () => [...(await bucket.objects()), ...(await spooled())],
    close: bucket.close,
  };
});

describe('a bucket', () => {
  let folder: string;
  let close: () => Promise<unknown>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-s3-'));
    close = async () => Promise.resolve();
  });
  afterEach(async () => {
    await close();
    await rm(folder, { recursive: true });
  });

  /** The address of a server that answers so. */
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    close = async () => new Promise((resolve) => server.close(resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function* text(content: string) {
    yield await Promise.resolve(Buffer.from(content));
  }

  it('is opened by its key alone', async () => {
    const bucket = await openBucket();
    ({ close } = bucket);
    const stranger = storeOf(bucket.url.replace(KEY, 'stranger:S3RVER'), bucket.folder);
    await expect(stranger.put(newId(), text('x'))).rejects.toThrow(/answered 403.*InvalidAccessKeyId/s);
    expect(await bucket.objects()).toEqual([]);
    expect(await readdir(bucket.folder)).toEqual([]);
  });

  it('sees a signature of each request as it arrives', async () => {
    const requests: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      requests.push(request);
      request.resume().on('end', () => response.writeHead(request.headers.range ? 206 : 200).end());
    });
    const store = storeOf(url.replace('//', '//key%2F1:a%2Fsecret@') + '/files/a%20b?region=moon-1', folder);
    const id = newId();
    await store.put(id, text('content'));
    (await store.open(id, { start: 1, end: 2 }))?.resume();
    await store.delete([id]);
    expect(requests.map(({ method }) => method)).toEqual(['PUT', 'GET', 'DELETE']);
    for (const request of requests) {
      expect(request.headers.authorization).toBe(authorizationOf(request, 'key/1', 'a/secret'));
    }
  });

  it('that fails makes the call fail', async () => {
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(503).end('<Code>SlowDown</Code>');
    });
    const store = storeOf(`${url.replace('//', '//a:b@')}/files`, folder);
    const refused = 'the bucket answered 503: <Code>SlowDown</Code>';
    await expect(store.put(newId(), text('x'))).rejects.toThrow(refused);
    await expect(store.open(newId())).rejects.toThrow(refused);
    await expect(store.delete([newId()])).rejects.toThrow(refused);
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is not there makes the call fail', async () => {
    const store = storeOf('http://a:b@127.0.0.1:1/files', folder);
    await expect(store.put(newId(), text('x'))).rejects.toThrow('ECONNREFUSED');
  });
});

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** What AWS's signature of version 4 makes of a request as it is on the wire. */
function authorizationOf(
  { method, url = '', headers }: IncomingMessage,
  keyId: string,
  secret: string,
): string {
  const [, signed = ''] = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  const time = String(headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/moon-1/s3/aws4_request`;
  const lines = signed.split(';').map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = [method, url, '', lines.join(''), signed, headers['x-amz-content-sha256']].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const keys = [time.slice(0, 8), 'moon-1', 's3', 'aws4_request'];
  const key = keys.reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, digest].join('\n')).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
}
