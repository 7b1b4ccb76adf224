/**
 * Loaded before a Node server: says on SIGUSR2 how late its event loop ran since it was asked last, at the 99th
 * percentile, in milliseconds.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** How often it looks, which is in what it records too. */
const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;

if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  process.on('SIGUSR2', () => {
    const p99 = delays.percentile(99) / NS_PER_MS - RESOLUTION_MS;
    process.stderr.write(`event loop p99 ${Math.max(p99, 0)}\n`);
    delays.reset();
  });
}
