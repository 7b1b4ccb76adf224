import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PEERS = fileURLToPath(new URL('../peers', import.meta.url));
/** Where Debian's `golang-github-gorilla-websocket-dev` puts its source. */
const GO_PATH = '/usr/share/gocode';

/** Installs the peers' package at the first run. */
export function installPeers() {
  if (existsSync(join(PEERS, 'node_modules'))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: PEERS, stdio: 'inherit' });
  if (status !== 0) throw new Error('the peers could not be installed: npm ci in bench/peers');
}

/** Builds gorilla's hub into the folder and gives its path; `undefined` without Go or gorilla. */
export function buildHub(folder) {
  const hub = join(folder, 'gorilla-hub');
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: GO_PATH, GOFLAGS: '' };
  const { status } = spawnSync('go', ['build', '-o', hub, 'main.go'], { cwd: join(PEERS, 'gorilla'), env });
  return status === 0 ? hub : undefined;
}
