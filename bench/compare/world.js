import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const TOKEN_TTL_S = 86_400;

/**
 * Data folders of Parley with accounts, sessions and rooms, as they would be after all had registered, logged in and been
 * invited. Each shape is made once, by the service's own stores; every server starts on a copy.
 */
export class Worlds {
  folder;
  #made = new Map();

  static async open() {
    const worlds = new Worlds();
    worlds.folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
    return worlds;
  }

  /** A folder of its own, and the members with their tokens. */
  async copy(shape) {
    const key = `${shape.rooms}x${shape.members}`;
    if (!this.#made.has(key)) this.#made.set(key, await makeWorld(join(this.folder, key), shape));
    const { facts, dataDir: original } = this.#made.get(key);
    const dataDir = await mkdtemp(join(this.folder, 'run-'));
    await cp(original, dataDir, { recursive: true });
    return { dataDir, facts };
  }

  async remove(dataDir) {
    await rm(dataDir, { recursive: true, force: true });
  }

  async close() {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Fills an empty data folder, or the database that `stores` names, and gives the members with their tokens. */
export async function makeWorld(dataDir, { rooms, members }, stores = {}) {
  const parts = await load();
  const env = { ACCESS_TOKEN_TTL: String(TOKEN_TTL_S), LOG_LEVEL: 'error', ...stores };
  const server = await parts.startServer({ dataDir, env });
  try {
    const facts = [];
    for (let room = 0; room < rooms; room += 1)
      facts.push(...(await makeRoom(parts, server, { room, members })));
    return { dataDir, facts };
  } finally {
    await server.close();
  }
}

async function load() {
  const source = pathToFileURL(join(process.env.PARLEY_COMPILED_DIR, 'src')).href;
  const [testing, realtime, storage, accounts, sessions, tokens, log] = await Promise.all(
    [
      'testing/index',
      'realtime/index',
      'storage/index',
      'features/auth/accounts/accounts.store',
      'features/auth/sessions/sessions.store',
      'features/auth/tokens/access-tokens',
      'features/chat/log/index',
    ].map((file) => import(`${source}/${file}.js`)),
  );
  return {
    startServer: testing.startServer,
    newId: realtime.newId,
    Database: storage.Database,
    stores: { accounts: accounts.store, sessions: sessions.store, append: log.appendStore },
    AccessTokens: tokens.AccessTokens,
  };
}

async function makeRoom(parts, server, { room, members }) {
  const users = [];
  for (let index = 0; index < members; index += 1) {
    users.push(await makeUser(parts, server, `u-${room}-${index}`));
  }
  const [owner, ...others] = users.map(({ userId }) => userId);
  const roomId = parts.newId();
  const creation = {
    change: 'create',
    roomId,
    actorId: owner,
    kind: 'group',
    name: `room ${room}`,
    topic: null,
    memberIds: others,
    areMembersKnown: true,
    clientId: null,
  };
  const appends = server.get(parts.Database).open(parts.stores.append);
  const [{ outcome }] = await appends.append({ nowMs: Date.now(), changes: [creation] });
  if (outcome !== 'stored') throw new Error(`room ${room}: ${outcome}`);
  return users.map(({ token }) => ({ room, roomId, token }));
}

async function makeUser({ newId, stores, Database, AccessTokens }, server, username) {
  const database = server.get(Database);
  const [userId, sessionId, nowMs] = [newId(), newId(), Date.now()];
  // Nobody logs in with a password here, and to hash ten thousand would take half an hour.
  const passwordHash = 'none';
  const account = { id: userId, username, displayName: username, foldedName: username, passwordHash, nowMs };
  await database.open(stores.accounts).insert(account);
  await database.open(stores.sessions).open({
    id: sessionId,
    userId,
    userAgent: 'bench',
    passwordHash,
    refreshDigest: sessionId,
    nowMs,
    expiresAtMs: nowMs + TOKEN_TTL_S * 1000,
  });
  return { userId, token: await server.get(AccessTokens).sign({ userId, sessionId, generation: 1 }) };
}
