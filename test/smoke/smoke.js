import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

// Run with the Node that is to be tried: it starts the service as its users do, lets one user register, connect and
// read back a message, and stops the service as a process manager does, through npm.

const root = fileURLToPath(new URL('../..', import.meta.url));
const dataDir = await mkdtemp(join(tmpdir(), 'parley-smoke-'));
const env = { ...process.env, PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataDir, DRAIN_MS: '500' };
const service = spawn('npm', ['start', '--silent'], {
  env,
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true,
});
const deadline = setTimeout(() => fail('no end within 60 s'), 60_000);

try {
  const url = await address();
  const socket = await connect(url, await register(url));
  const { room } = await request(socket, 'room.create', { kind: 'group', name: 'smoke' });
  const { message } = await request(socket, 'message.send', {
    roomId: room.id,
    text: 'hello',
    clientId: 'smoke-0001',
  });
  const { messages } = await request(socket, 'message.history', { roomId: room.id });
  if (messages.at(-1)?.id !== message.id) fail('the message is not in the history');
  service.kill('SIGTERM');
  const [[code], [closeCode]] = await Promise.all([once(service, 'exit'), once(socket, 'close')]);
  if (code !== 0 || closeCode !== 1012) fail(`exit code ${code}, close code ${closeCode}`);
  process.stdout.write(`smoke: ok on Node ${process.version}\n`);
} finally {
  clearTimeout(deadline);
  killGroup();
  await rm(dataDir, { recursive: true, force: true });
}

/** What npm has started goes with it. */
function killGroup() {
  if (service.pid === undefined) return;
  try {
    process.kill(-service.pid, 'SIGKILL');
  } catch {
    // It has ended by itself, as it should.
  }
}

async function address() {
  let output = '';
  for await (const chunk of service.stdout) {
    output += chunk;
    const found = /^Parley listens on (http\S+)$/m.exec(output);
    if (found) return found[1];
  }
  return fail(`the service ended: ${output}`);
}

async function register(url) {
  const answer = await fetch(`${url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'smoke', password: 'smoke and mirrors' }),
  });
  if (answer.status !== 201) fail(`register: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).accessToken;
}

async function connect(url, token) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, ['chat', `bearer.${token}`]);
  const [data] = await once(socket, 'message');
  if (JSON.parse(data).event !== 'ready') fail(`first frame: ${data}`);
  return socket;
}

function request(socket, event, data) {
  return new Promise((resolve) => {
    const receive = (text) => {
      const frame = JSON.parse(text);
      if (frame.id !== event) return;
      socket.off('message', receive);
      if (frame.event === 'exception') fail(`${event}: ${text}`);
      resolve(frame.data);
    };
    socket.on('message', receive);
    socket.send(JSON.stringify({ event, data, id: event }));
  });
}

function fail(reason) {
  process.stderr.write(`smoke: failed on Node ${process.version}: ${reason}\n`);
  killGroup();
  process.exit(1);
}
