import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';

const GENERATOR = fileURLToPath(new URL('../../bench/load/generator.js', import.meta.url));
const MEMBERS = 5;
const MESSAGES = 40;

/** Gives one member one message. */
type Deliver = (member: WebSocket, text: string) => void;

interface Account {
  readonly sent: number;
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  readonly foreign: number;
}

const deliver: Deliver = (member, text) => member.send(text);

/** A server of one room that does what it is told with one delivery: the tenth message to the last member. */
class PlantedServer {
  private readonly server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  private readonly members: WebSocket[] = [];
  private received = 0;
  private resolveEnough: () => void = () => undefined;
  /** Resolves when enough messages have come. */
  readonly enough = new Promise<void>((resolve) => (this.resolveEnough = resolve));

  constructor(
    private readonly planted: Deliver,
    private readonly answer: (sender: WebSocket, text: string, count: number) => void = () => undefined,
  ) {
    this.server.on('connection', (socket) => {
      this.members.push(socket);
      socket.send('{"event":"ready"}');
      socket.on('message', (message: Buffer) => this.take(socket, message.toString()));
    });
  }

  async port(): Promise<number> {
    if (this.server.address() === null) await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    for (const member of this.members) member.terminate();
    this.server.close();
  }

  private take(sender: WebSocket, text: string): void {
    this.received++;
    this.members.forEach((member, at) => {
      const isPlanted = this.received === 10 && at === MEMBERS - 1;
      (isPlanted ? this.planted : deliver)(member, text);
    });
    this.answer(sender, text, this.received);
    if (this.received === MESSAGES) this.resolveEnough();
  }
}

describe('the load generator', () => {
  let generator: ChildProcess;
  let server: PlantedServer;

  beforeEach(() => {
    generator = fork(GENERATOR);
  });

  afterEach(() => {
    generator.kill('SIGKILL');
    server.close();
  });

  async function ask(command: string, terms: object): Promise<unknown> {
    generator.send({ command, terms });
    const [answer] = (await once(generator, 'message')) as [{ result?: unknown; fault?: string }];
    expect(answer.fault).toBeUndefined();
    return answer.result;
  }

  /** Two of the members send, each its next message when it has its last. */
  async function play(dialect: 'plain' | 'chat'): Promise<Account> {
    const facts = Array.from({ length: MEMBERS }, () => ({ room: 0, roomId: 'r', token: 't' }));
    await ask('connect', { host: '127.0.0.1', port: await server.port(), dialect, facts, parallel: 1 });
    await ask('start', { inFlight: 2, bytes: 128 });
    await server.enough;
    return (await ask('finish', { patienceMs: 500 })) as Account;
  }

  it('counts what every member was given', async () => {
    server = new PlantedServer(deliver);
    const account = await play('plain');
    expect(account).toMatchObject({ lost: 0, doubled: 0, foreign: 0 });
    expect(account.sent).toBeGreaterThanOrEqual(MESSAGES);
    expect(account.delivered).toBe(account.sent * MEMBERS);
  });

  it('counts a delivery that is lost', async () => {
    server = new PlantedServer(() => undefined);
    const account = await play('plain');
    expect(account).toMatchObject({ lost: 1, doubled: 0, foreign: 0 });
    expect(account.delivered).toBe(account.sent * MEMBERS - 1);
  });

  it('counts a delivery that comes twice', async () => {
    server = new PlantedServer((member, text) => {
      member.send(text);
      member.send(text);
    });
    expect(await play('plain')).toMatchObject({ lost: 0, doubled: 1, foreign: 0 });
  });

  it('counts one that is lost and one that comes twice instead as both', async () => {
    let before = '';
    server = new PlantedServer(
      (member) => member.send(before),
      (_, text) => (before = text),
    );
    expect(await play('plain')).toMatchObject({ lost: 1, doubled: 1, foreign: 0 });
  });

  it("counts another room's message", async () => {
    server = new PlantedServer((member, text) => {
      member.send(text);
      member.send(text.replace('^#^0000', '^#^0001'));
    });
    expect(await play('plain')).toMatchObject({ lost: 0, doubled: 0, foreign: 1 });
  });

  it('knows a message again whatever it is cut into', async () => {
    server = new PlantedServer((member, text) => {
      text.split('').forEach((character, at) => member.send(character, { fin: at === text.length - 1 }));
    });
    expect(await play('plain')).toMatchObject({ lost: 0, doubled: 0, foreign: 0 });
  });

  it("expects the sender's answer beside the delivery, and counts one that is missing", async () => {
    server = new PlantedServer(deliver, (sender, text, count) => {
      if (count !== 20) sender.send(text);
    });
    const account = await play('chat');
    expect(account).toMatchObject({ lost: 1, doubled: 0, foreign: 0 });
    expect(account.delivered).toBe(account.sent * MEMBERS);
  });
});
