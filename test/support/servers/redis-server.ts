import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificate, writeCertificate } from '../certificate.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

export interface RedisOptions {
  /** Speaks TLS with this certificate, at `tlsUrl`. */
  readonly tls?: Certificate;
}

/** A Redis of one's own on a free port. */
export class RedisServer {
  private constructor(
    private readonly folder: string,
    readonly url: string,
    private readonly tlsPort: number | undefined,
    /** The running server: to be paused, killed and started again. It keeps nothing. */
    readonly process: ServerProcess,
  ) {}

  static async start({ tls }: RedisOptions = {}): Promise<RedisServer> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'parley-redis-'));
    const tlsPort = tls && (await freePort());
    const secured = tls && tlsPort ? tlsArguments(tlsPort, await writeCertificate(folder, tls)) : [];
    const process = new ServerProcess({
      program: 'redis-server',
      arguments: `--port ${port} --bind 127.0.0.1 --dir ${folder} --appendonly no --save`
        .split(' ')
        .concat('', secured),
      account: {},
      isReady: async () => answers(port),
    });
    await process.start();
    return new RedisServer(folder, `redis://127.0.0.1:${port}`, tlsPort, process);
  }

  get tlsUrl(): string {
    if (this.tlsPort === undefined) throw new Error('this Redis speaks no TLS');
    return `rediss://localhost:${this.tlsPort}`;
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Clients show no certificate of their own. */
function tlsArguments(port: number, { TLS_CERT_FILE: cert = '', TLS_KEY_FILE: key = '' }): string[] {
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
  return ['--tls-port', String(port), '--tls-auth-clients', 'no', ...files];
}

/** Whether a Redis answers there. */
export async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('error', () => end(false)).once('data', (data) => end(data.toString().startsWith('+PONG')));
  });
}
