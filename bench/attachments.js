/**
 * How much memory the service takes while large files go in and out. One command, about ten seconds, 1 GiB of disk:
 * node bench/attachments.js
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import compile from '../test/support/compile.js';

const MIB = 1024 * 1024;
const FILE_BYTES = 256 * MIB;
const FILES = 4;
const PIECE = Buffer.alloc(65_536, 1);
const BOUNDARY = 'boundary';

await compile();
const source = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src')).href;
const { startProcess } = await import(`${source}/testing/index.js`);

const cwd = await mkdtemp(join(tmpdir(), 'parley-'));
const env = { PORT: '0', MAX_ATTACHMENT_BYTES: String(FILE_BYTES), MAX_UPLOAD_BYTES_PER_DAY: '0' };
const main = join(process.env.PARLEY_COMPILED_DIR, 'src/main.js');
const service = await startProcess({ cwd, env, main });
const { accessToken } = await service.user('ann');
const ann = await service.connect('ann');
const { room } = await ann.request('room.create', { kind: 'group' });

console.log(`at rest: ${residentMiB()} MiB`);
const ids = await measure('in', async () => Promise.all(Array.from({ length: FILES }, upload)));
await measure('out', async () => Promise.all(ids.map(download)));
await service.kill();
await rm(cwd, { recursive: true });

async function measure(name, work) {
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, residentMiB())), 20);
  const start = performance.now();
  const result = await work();
  clearInterval(timer);
  const ms = Math.round(performance.now() - start);
  console.log(`${FILES} × ${FILE_BYTES / MIB} MiB ${name}: ${ms} ms, peak ${peak} MiB`);
  return result;
}

function residentMiB() {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'));
  return Math.round(Number(kib) / 1024);
}

function upload() {
  const headers = {
    authorization: `Bearer ${accessToken}`,
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
  };
  const part = `--${BOUNDARY}\r\nContent-Disposition: form-data; name=`;
  return new Promise((resolve, reject) => {
    const sending = request(`${service.url}/attachments`, { method: 'POST', headers }, async (answer) => {
      const body = JSON.parse(Buffer.concat(await answer.toArray()).toString());
      resolve(body.attachment.id);
    });
    sending.on('error', reject);
    sending.write(`${part}"roomId"\r\n\r\n${room.id}\r\n${part}"file"; filename="large"\r\n\r\n`);
    send(sending, FILE_BYTES);
  });
}

function send(sending, bytes) {
  let left = bytes;
  while (left > 0) {
    left -= PIECE.length;
    if (sending.write(PIECE)) continue;
    sending.once('drain', () => send(sending, left));
    return;
  }
  sending.end(`\r\n--${BOUNDARY}--\r\n`);
}

async function download(id) {
  const headers = { authorization: `Bearer ${accessToken}` };
  const { body } = await fetch(`${service.url}/attachments/${id}`, { headers });
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  if (bytes !== FILE_BYTES) throw new Error(`${bytes} bytes came back`);
}
