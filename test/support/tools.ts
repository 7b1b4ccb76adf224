import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { postgresPrograms } from './servers/postgres-programs.js';

/** A program that some tests drive, and the Debian package that brings it. */
export interface Tool {
  readonly command: string;
  readonly versionFlag: string;
  readonly debianPackage: string;
}

export const NGINX: Tool = { command: 'nginx', versionFlag: '-v', debianPackage: 'nginx-light' };
export const CHROMIUM: Tool = { command: 'chromium', versionFlag: '--version', debianPackage: 'chromium' };

export const POSTGRES: Tool = {
  command: join(postgresPrograms() ?? '', 'postgres'),
  versionFlag: '--version',
  debianPackage: 'postgresql',
};
export const REDIS: Tool = {
  command: 'redis-server',
  versionFlag: '--version',
  debianPackage: 'redis-server',
};

/** Debian keeps servers where only root looks for them. */
export const TOOL_PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;

/**
 * `describe` for what needs a program of the system. Where that is missing the cases are skipped, and a line says so; with
 * `CI=true` that is an error instead.
 */
export function describeWith(tool: Tool): typeof describe | typeof describe.skip {
  if (isInstalled(tool)) return describe;
  const missing = `${tool.command} is not installed: apt-get install ${tool.debianPackage}`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`SKIPPED: ${missing}\n`);
  return describe.skip;
}

function isInstalled({ command, versionFlag }: Tool): boolean {
  return spawnSync(command, [versionFlag], { env: { ...process.env, PATH: TOOL_PATH } }).status === 0;
}
