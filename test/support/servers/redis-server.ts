import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

/** A Redis of one's own on a free port. */
export class RedisServer {
  private constructor(
    private readonly folder: string,
    readonly url: string,
    /** The running server: to be paused, killed and started again. It keeps nothing. */
    readonly process: ServerProcess,
  ) {}

  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'parley-redis-'));
    const process = new ServerProcess({
      program: 'redis-server',
      arguments: `--port ${port} --bind 127.0.0.1 --dir ${folder} --appendonly no --save`
        .split(' ')
        .concat(''),
      account: {},
      isReady: async () => answers(port),
    });
    await process.start();
    return new RedisServer(folder, `redis://127.0.0.1:${port}`, process);
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
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
