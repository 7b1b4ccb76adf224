import { DIALECTS } from './dialects.js';
import { Histogram } from './histogram.js';
import { Ledger } from './ledger.js';
import { ClosedLoop, OpenLoop } from './loops.js';
import { Member } from './member.js';

const SIGN_OF_LIFE_MS = 10_000;
const LOOK_MS = 20;

/** All members, and the load that they make. */
export class Crowd {
  #rooms = [];
  #ledger;
  #dialect;
  #loop;
  #before;

  constructor(dialect) {
    this.#dialect = DIALECTS[dialect];
    this.#ledger = new Ledger(this.#dialect);
    setInterval(() => this.#all((member) => member.showLife()), SIGN_OF_LIFE_MS).unref();
  }

  /**
   * Connects one member for each of `facts`, to its own `port` if it has one, `parallel` of them at a time; gives the milliseconds
   * it took.
   */
  async connect({ host, port, facts, parallel }) {
    const started = performance.now();
    const waiting = facts.values();
    const connectInTurn = async () => {
      for (const one of waiting) {
        const member = new Member(one, { dialect: this.#dialect, ledger: this.#ledger });
        await member.open({ host, port: one.port ?? port });
        (this.#rooms[one.room] ??= []).push(member);
      }
    };
    await Promise.all(Array.from({ length: parallel }, connectInTurn));
    return { ms: performance.now() - started };
  }

  /** Begins a load: with `inFlight` a closed loop, with `messagesPerS` an open one. */
  start(terms) {
    const { sent, delivered, doubled, foreign, missing } = this.#ledger;
    this.#before = { sent, delivered, doubled, foreign, missing };
    this.#ledger.latencies = new Histogram();
    this.#loop = 'inFlight' in terms ? new ClosedLoop(this.#rooms, terms) : new OpenLoop(this.#rooms, terms);
  }

  /** What has been done so far, and the CPU time that it took this process. */
  sample() {
    const { user, system } = process.cpuUsage();
    const { delivered, sent } = this.#ledger;
    return { delivered, sent, cpuUs: user + system, atMs: performance.now() };
  }

  /** Forgets the latencies of the time before. */
  forget() {
    this.#ledger.latencies = new Histogram();
  }

  /** Ends the load, waits until all has come or nothing has for `patienceMs`, and gives the account. */
  async finish({ patienceMs }) {
    this.#loop.stop();
    await this.#settle(patienceMs);
    const ledger = this.#ledger;
    const since = (key) => ledger[key] - this.#before[key];
    return {
      sent: since('sent'),
      delivered: since('delivered'),
      doubled: since('doubled'),
      foreign: since('foreign'),
      lost: since('missing'),
      p50: ledger.latencies.quantile(0.5),
      p99: ledger.latencies.quantile(0.99),
      latestMs: this.#loop.latestMs ?? 0,
    };
  }

  async #settle(patienceMs) {
    let [missing, changedAt] = [this.#ledger.missing, performance.now()];
    while (this.#ledger.missing !== 0 && performance.now() - changedAt < patienceMs) {
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_MS);
      });
      if (this.#ledger.missing !== missing) [missing, changedAt] = [this.#ledger.missing, performance.now()];
    }
  }

  #all(act) {
    for (const members of this.#rooms) for (const member of members ?? []) act(member);
  }
}
