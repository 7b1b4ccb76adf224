import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TOOL_PATH } from '../support/tools.js';

const PATIENCE_MS = 10_000;
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** A real nginx in a folder of its own, in front of a service. */
export class Nginx {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts nginx with what stands in `http { }`: `configure` is told the port to listen on, and a folder for its files. */
  static async start(configure: (port: number, folder: string) => string): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), 'parley-nginx-'));
    const port = await freePort();
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, settings(folder, configure(port, folder)));
    const child = spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', file], {
      env: { PATH: TOOL_PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const end = (): boolean => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('close', () => process.off('exit', end));
    await listening(port, child, () => said);
    return new Nginx(port, folder, child);
  }

  async stop(): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The configuration that `docs/operations.md` gives, for a service and a certificate of a test. */
export function documentedConfiguration(replacements: Readonly<Record<string, string>>): string {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const [, documented] = /```nginx\n([^]*?)```/.exec(page) ?? [];
  if (documented === undefined) throw new Error('docs/operations.md has no configuration for nginx');
  return Object.entries(replacements).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the documented configuration has no ${from}`);
    return text.replace(from, to);
  }, documented);
}

function settings(folder: string, http: string): string {
  const isRoot = process.getuid?.() === 0;
  return [
    ...(isRoot ? ['user root;'] : []),
    'daemon off; worker_processes 1;',
    `pid ${folder}/nginx.pid;`,
    'events { worker_connections 512; }',
    `http { access_log off; ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}`,
    http,
    '}',
  ].join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, child: ChildProcess, said: () => string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (child.exitCode === null && Date.now() < deadline) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
  child.kill('SIGKILL');
  throw new Error(`nginx does not listen: ${said()}`);
}
