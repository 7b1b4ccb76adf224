#!/usr/bin/env node
import { ConfigError, loadConfig } from '../config/index.js';
import { takeBackup } from './backup.js';
import { restoreBackup } from './restore.js';
import { readArguments, type Task, USAGE, UsageError } from './usage.js';

const EXIT_FAILURE = 1;

/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;

/** One line on the standard output for each thing to know; one on the standard error for each fault. */
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function perform(task: Task): Promise<void> {
  const { config } = loadConfig({ env: process.env, folder: process.cwd(), isTerminal: false });
  await (task.verb === 'backup' ? takeBackup(config, task, say) : restoreBackup(config, task, say));
}

function failed(error: unknown): number {
  const isUsage = error instanceof UsageError;
  const lines =
    error instanceof ConfigError ? error.lines : [error instanceof Error ? error.message : String(error)];
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (isUsage) process.stderr.write(`\n${USAGE}`);
  if (error instanceof ConfigError) return error.exitCode;
  return isUsage ? EXIT_USAGE : EXIT_FAILURE;
}

try {
  const task = readArguments(process.argv.slice(2));
  if (task === 'help') process.stdout.write(USAGE);
  else await perform(task);
} catch (error) {
  process.exitCode = failed(error);
}
