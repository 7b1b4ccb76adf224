import { type Json, type ServerOptions, startServer, type TestClient, type TestServer } from 'parley/testing';
import { createRoom, say } from '../contract.js';

/** Who and what a refusal needs: ann owns a room in which bob is a member; eve knows neither. */
export interface Scene {
  readonly server: TestServer;
  readonly ann: TestClient;
  readonly bob: TestClient;
  readonly eve: TestClient;
  readonly ids: Readonly<Record<'ann' | 'bob' | 'eve', string>>;
  readonly roomId: string;
  /** Of a message of ann's. */
  readonly seq: number;
  /** Of a message of ann's that she has deleted. */
  readonly deletedSeq: number;
}

/** One way to be refused. */
export interface Refusal {
  /** The request's event, or the call as the page of its feature writes it. */
  readonly request: string;
  readonly code: string;
  readonly when: string;
  /** Settings that it depends on. */
  readonly env?: ServerOptions['env'];
  /** Why it is about one node alone, if it is. */
  readonly onOneNode?: string;
  /** Gives the code of the answer. */
  readonly provoke: (scene: Scene) => Promise<unknown>;
}

const UNLIMITED = { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' };

export async function startScene(env: ServerOptions['env'] = {}): Promise<TestServer> {
  return await startServer({ env: { ...UNLIMITED, ...env } });
}

/** New connections and a new room, of the same users. */
export async function setScene(server: TestServer): Promise<Scene> {
  const [ann, bob, eve] = [
    await server.connect('ann'),
    await server.connect('bob'),
    await server.connect('eve'),
  ];
  const idOf = ({ ready }: TestClient): string => (ready['user'] as Json)['id'] as string;
  const ids = { ann: idOf(ann), bob: idOf(bob), eve: idOf(eve) };
  const roomId = String((await createRoom(ann, { kind: 'group', memberIds: [ids.bob] }))['id']);
  const { seq } = await say(ann, roomId, 'hello');
  const { seq: deletedSeq } = await say(ann, roomId, 'hello again');
  await ann.request('message.delete', { roomId, seq: deletedSeq as number });
  return { server, ann, bob, eve, ids, roomId, seq: seq as number, deletedSeq: deletedSeq as number };
}

/** Leaves nothing behind that another scene would meet. */
export async function endScene({ ann, bob, eve, ids }: Scene): Promise<void> {
  await bob.request('user.unblock', { userId: ids.ann });
  await Promise.all([ann, bob, eve].map((client) => client.terminate()));
}
