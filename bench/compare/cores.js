import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const SERVER_CORE = '0';
const GENERATOR_CORE = '1';

/** Whether the server and its load can be kept apart; without that the figures say less. */
export const canPin =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', SERVER_CORE, 'true']).status === 0;

export const onServerCore = (command) => pinned(SERVER_CORE, command);
export const onGeneratorCore = (command) => pinned(GENERATOR_CORE, command);

function pinned(core, command) {
  return canPin ? ['taskset', '-c', core, ...command] : command;
}
