import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What the command has said, and how it ended. */
export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the command runs: with the keys of this environment alone, in a folder. */
export interface CommandPlace {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the compiled `backup` or `restore` in a process of its own, as an operator does. */
export async function run({ cwd, env = {} }: CommandPlace, ...args: readonly string[]): Promise<Ending> {
  const main = join(process.env['PARLEY_COMPILED_DIR'] ?? '', 'src', 'backup', 'main.js');
  const child = spawn(process.execPath, ['--enable-source-maps', main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
