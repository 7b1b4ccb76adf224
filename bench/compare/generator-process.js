import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onGeneratorCore } from './cores.js';

const GENERATOR = fileURLToPath(new URL('../load/generator.js', import.meta.url));

/** The load generator, on a core of its own unless it is told to share. */
export class GeneratorProcess {
  #child;

  constructor({ isPinned = true } = {}) {
    const command = [process.execPath, GENERATOR];
    const [file, ...args] = isPinned ? onGeneratorCore(command) : command;
    this.#child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  /** Has it carry out one command, and gives the result. */
  async ask(command, terms = {}) {
    this.#child.send({ command, terms });
    const answer = await this.#answer();
    if ('fault' in answer) throw new Error(`${command}: ${answer.fault}`);
    return answer.result;
  }

  async #answer() {
    const ending = new AbortController();
    const ended = once(this.#child, 'exit', ending).then(() => [{ fault: 'the generator ended' }]);
    try {
      const [answer] = await Promise.race([once(this.#child, 'message', ending), ended]);
      return answer;
    } finally {
      ended.catch(() => undefined);
      ending.abort();
    }
  }

  stop() {
    this.#child.kill('SIGKILL');
  }
}
