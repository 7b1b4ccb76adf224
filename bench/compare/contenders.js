import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PEERS = fileURLToPath(new URL('../peers', import.meta.url));

/** The bench asks for more connections, and faster, than the limits allow one address; all else is as it comes. */
export const PARLEY_ENV = {
  PORT: '0',
  HOST: '127.0.0.1',
  ADMIN_PORT: '0',
  LOG_LEVEL: 'warn',
  ACCESS_TOKEN_TTL: '86400',
  RATE_FRAMES_PER_S: '0',
  RATE_SENDS_PER_S: '0',
  RATE_UPGRADES_PER_S: '0',
  RATE_LOGINS_PER_MIN: '0',
};

/**
 * Who takes part, by name: how it is started, how it is spoken to, and whether its users are accounts that show who they
 * are. `main` is the compiled service, `hub` gorilla's, if Go is there to build it.
 */
export function contenders({ main, hub }) {
  return {
    parley: parley(main, 'chat', 'full'),
    'parley superchat': parley(main, 'superchat', 'full'),
    'parley process': parley(main, 'chat', 'process'),
    ws: node(join(PEERS, 'ws-loop.js'), 'plain'),
    'socket.io': node(join(PEERS, 'socket-io.js'), 'socketIo'),
    'nest ws': node(join(PEERS, 'nest-ws.js'), 'plain'),
    ...(hub === undefined ? {} : { gorilla: gorilla(hub), 'gorilla each': gorilla(hub, 'each') }),
  };
}

function parley(main, dialect, durability) {
  const env = { ...PARLEY_ENV, DURABILITY: durability };
  return { command: [process.execPath, '--enable-source-maps', main], dialect, env, hasAccounts: true };
}

function gorilla(hub, ...args) {
  return { command: [hub, ...args], dialect: 'plain', env: {} };
}

function node(file, dialect) {
  return { command: [process.execPath, file], dialect, env: {} };
}
