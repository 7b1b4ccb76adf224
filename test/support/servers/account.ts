import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whose process it is; empty for one's own account. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** The account to run a server as that refuses to run as root: `name` when this process is root's, else one's own. */
export async function accountFor(name: string): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => numberOf(flag, name)));
  return uid === undefined || gid === undefined ? {} : { uid, gid };
}

async function numberOf(flag: string, name: string): Promise<number> {
  const { stdout } = await promisify(execFile)('id', [flag, name]);
  return Number(stdout);
}
