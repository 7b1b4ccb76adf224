import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LINE = /event loop p99 ([\d.e-]+)/;

/** What makes a Node process measure how late its event loop runs. */
export const LOOP_DELAY_FLAGS = [
  '--import',
  fileURLToPath(new URL('loop-delay.preload.js', import.meta.url)),
];

export const isLoopDelay = (chunk) => LINE.test(String(chunk));

/** How late the event loop ran since the last call, at the 99th percentile, in ms. */
export async function takeLoopDelay(child) {
  const lines = child.stderr;
  child.kill('SIGUSR2');
  for (;;) {
    const [chunk] = await once(lines, 'data');
    const [, ms] = LINE.exec(String(chunk)) ?? [];
    if (ms !== undefined) return Number(ms);
  }
}
