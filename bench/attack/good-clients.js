import { WebSocket } from 'ws';
import { post } from './sockets.js';

const SETTLE_MS = 10_000;

/** Members of one room who send at a modest rate, and count what they receive. */
export class GoodClients {
  /** For each message that was sent: when, and how often it has arrived. */
  #sent = new Map();
  #latencies = [];
  #closes = 0;
  #refused = 0;
  #clients = [];
  #next = 0;

  /** Registers and connects `count` users, each from an address of its own, in a room of their own. */
  static async gather(service, count) {
    const good = new GoodClients();
    const users = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        register({ ...service, localAddress: addressOf(index) }, `good-${index}`),
      ),
    );
    for (const user of users) good.#clients.push(await good.#connect(user));
    const [owner, ...others] = good.#clients;
    const created = await owner.request('room.create', { kind: 'channel', name: 'garden' });
    good.roomId = created.room.id;
    for (const client of others) await client.request('room.join', { roomId: good.roomId });
    good.names = users.map(({ username }) => username);
    return good;
  }

  /** Sends, one client after the other, until `over` resolves, and waits until all has arrived. */
  async talk(perSecond, over) {
    this.#sent.clear();
    this.#latencies = [];
    let isOver = false;
    const end = over.then(() => (isOver = true));
    while (!isOver) {
      this.#say();
      await Promise.race([end, pause(1000 / perSecond)]);
    }
    await this.#settle();
    return this.#verdict();
  }

  end() {
    for (const { ws } of this.#clients)
      ws.removeAllListeners('close')
        .on('error', () => undefined)
        .terminate();
  }

  #say() {
    const client = this.#clients[this.#next++ % this.#clients.length];
    const text = `word ${this.#next}`;
    this.#sent.set(text, { at: performance.now(), seen: 0 });
    void client.request('message.send', { roomId: this.roomId, text, clientId: `word number ${this.#next}` });
  }

  async #settle() {
    const deadline = performance.now() + SETTLE_MS;
    const isMissing = () => [...this.#sent.values()].some(({ seen }) => seen < this.#clients.length);
    while (isMissing() && performance.now() < deadline) await pause(50);
  }

  #verdict() {
    const due = this.#sent.size * this.#clients.length;
    const seen = [...this.#sent.values()];
    const lost = seen.reduce((sum, one) => sum + Math.max(0, this.#clients.length - one.seen), 0);
    const doubled = seen.reduce((sum, one) => sum + Math.max(0, one.seen - this.#clients.length), 0);
    const sorted = this.#latencies.toSorted((one, other) => one - other);
    const at = (share) => Math.round(sorted[Math.floor(sorted.length * share)] ?? NaN);
    return { due, lost, doubled, refused: this.#refused, closed: this.#closes, p50: at(0.5), p99: at(0.99) };
  }

  #hear(event, data) {
    const word =
      event === 'room.event' && data.type === 'message' ? this.#sent.get(data.message.text) : undefined;
    if (word === undefined) return;
    word.seen += 1;
    this.#latencies.push(performance.now() - word.at);
  }

  async #connect({ url, token, localAddress }) {
    const ws = new WebSocket(url, { headers: { authorization: `Bearer ${token}` }, localAddress });
    const pending = new Map();
    let lastId = 0;
    const ready = new Promise((resolve, reject) => {
      ws.on('error', reject);
      ws.on('close', () => (this.#closes += 1));
      ws.on('message', (message) => {
        const { event, id, data } = JSON.parse(message);
        if (event === 'ready') resolve();
        if (id === undefined) this.#hear(event, data);
        else if (event === 'exception') this.#refused += 1;
        else pending.get(id)?.(data);
      });
    });
    await ready;
    const request = async (event, data) => {
      const id = (lastId += 1);
      ws.send(JSON.stringify({ event, id, data }));
      return await new Promise((resolve) => pending.set(id, resolve));
    };
    return { ws, request };
  }
}

/** A registered user: where it connects, from where, and with what. */
export async function register(from, username) {
  const { status, body } = await post(from, '/auth/register', {
    username,
    password: `the word of ${username}`,
  });
  if (status !== 201) throw new Error(`${username} cannot register: ${status} ${JSON.stringify(body)}`);
  const { host, port, localAddress } = from;
  return { username, token: body.accessToken, localAddress, url: `ws://${host}:${port}/ws` };
}

const addressOf = (index) => `127.0.1.${1 + (index % 250)}`;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
