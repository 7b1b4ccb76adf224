import { join } from 'node:path';
import type { Json } from '../../src/testing/index.js';
import type { Cluster } from '../support/cluster/cluster.js';
import { LoadConnection, type Outcome } from './load/load-connection.js';
import type { LoadPlan, PlannedClient, PlannedRoom } from './load/load-plan.js';

const USERS = 50;
const CLIENTS = 100;
const PROCESSES = 2;
const ROOMS = 20;
const QUIET_ROOMS = 4;
const MEMBERS = 6;
/** Clients that watch everybody. */
const OBSERVERS = 4;
const REGISTERED_AT_ONCE = 6;
const MAX_TRIES = 10;

export interface Scene {
  readonly seed: number;
  readonly sendsPerSecond: number;
  readonly folder: string;
}

interface Account {
  readonly id: string;
  readonly token: string;
}

/** Registers users, makes their rooms, and plans what the processes of load do there. */
export async function setScene(
  cluster: Cluster,
  { seed, sendsPerSecond, folder }: Scene,
): Promise<LoadPlan[]> {
  const accounts = await register(cluster);
  const rooms = await Promise.all(
    Array.from({ length: ROOMS + QUIET_ROOMS }, async (_, index) => makeRoom(cluster, accounts, index)),
  );
  const clients = Array.from({ length: CLIENTS }, (_, index): PlannedClient => {
    const { id: userId, token } = at(accounts, index);
    return { name: `client-${index}`, userId, token, isObserver: index < OBSERVERS };
  });
  return Array.from({ length: PROCESSES }, (_, process) => ({
    name: `load-${process + 1}`,
    seed: seed + process,
    urls: cluster.nodes.map(({ url }) => url),
    file: join(folder, `load-${process + 1}.jsonl`),
    clients: clients.filter((_, index) => index % PROCESSES === process),
    rooms,
    sendsPerSecond: sendsPerSecond / PROCESSES,
  }));
}

async function register(cluster: Cluster): Promise<Account[]> {
  const accounts: Account[] = [];
  for (let first = 0; first < USERS; first += REGISTERED_AT_ONCE) {
    const count = Math.min(REGISTERED_AT_ONCE, USERS - first);
    const some = Array.from({ length: count }, async (_, each) =>
      registerOne(cluster, `user-${first + each}`),
    );
    accounts.push(...(await Promise.all(some)));
  }
  return accounts;
}

async function registerOne(cluster: Cluster, username: string): Promise<Account> {
  const answer = await fetch(`${cluster.node().url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: `${username}'s password` }),
  });
  const body = (await answer.json()) as Json;
  if (answer.status !== 201) throw new Error(`${username}: ${answer.status} ${JSON.stringify(body)}`);
  return { id: (body['user'] as Json)['id'] as string, token: body['accessToken'] as string };
}

/** An owner and some more; the first users own a room each, and the first of all sits in every room, so that it sees everyone. */
async function makeRoom(cluster: Cluster, accounts: readonly Account[], index: number): Promise<PlannedRoom> {
  const kind = index >= ROOMS ? 'quiet' : index % 2 === 0 ? 'group' : 'channel';
  const owner = at(accounts, index);
  const chosen = Array.from({ length: MEMBERS }, (_, each) => at(accounts, index + 1 + each * 7));
  const watching = accounts.slice(0, OBSERVERS);
  const userIds = [
    ...new Set([owner, ...chosen, ...(kind === 'quiet' ? accounts : watching)].map(({ id }) => id)),
  ];
  const id = await createRoom(cluster, owner, {
    kind: kind === 'channel' ? 'channel' : 'group',
    name: `room ${index}`,
    clientId: `room-${index}`.padEnd(8, '-'),
    memberIds: userIds.filter((each) => each !== owner.id),
  });
  return { id, kind, ownerId: owner.id, userIds };
}

/** Asks until it is answered: nothing is wrong yet, but the machine may have much to do. */
async function createRoom(cluster: Cluster, owner: Account, data: object): Promise<string> {
  for (let tries = 1; ; tries++) {
    const answer = await askOnce(cluster.node().url, owner.token, data);
    if (answer.outcome === 'ok') return (answer.data['room'] as { id: string }).id;
    if (tries === MAX_TRIES) throw new Error(`room.create: ${answer.code}`);
  }
}

async function askOnce(url: string, token: string, data: object): Promise<Outcome> {
  return await new Promise((resolve) => {
    const connection = new LoadConnection(url, token, {
      pushed: (event) => {
        if (event !== 'ready') return;
        void connection.request('room.create', data).then((answer) => {
          connection.close();
          resolve(answer);
        });
      },
      closed: (code) => resolve({ outcome: 'unknown', code: `closed ${code}` }),
    });
  });
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('there are none');
  return item;
}
