import { type Json, startServer, type TestClient, type TestServer } from 'parley/testing';
import { createRoom, fresh, say } from '../contract.js';

/** A room of two with a message in it, and whoever asks. */
export interface World {
  readonly client: TestClient;
  readonly roomId: string;
  /** Of a message of the client's. */
  readonly seq: number;
  /** The other member. */
  readonly memberId: string;
  /** Of an open stream of the client's, which has said two characters. */
  readonly streamId: string;
  readonly accessToken: string;
  readonly sessionId: string;
  fresh(): string;
}

/** The service without the limits that a test runs into. */
export async function quickServer(): Promise<TestServer> {
  const env = {
    RATE_FRAMES_PER_S: '0',
    RATE_SENDS_PER_S: '0',
    RATE_UPGRADES_PER_S: '0',
    RATE_LOGINS_PER_MIN: '0',
  };
  return await startServer({ env });
}

let users = 0;

/** A new user with a connection, and a new room of theirs in which bob is a member. */
export async function newWorld(server: TestServer): Promise<World> {
  const name = `ann-${++users}`;
  const [{ accessToken }, { id: memberId }] = await Promise.all([server.user(name), server.user('bob')]);
  const client = await server.connect(name);
  const roomId = String((await createRoom(client, { kind: 'group', memberIds: [memberId] }))['id']);
  const { seq } = await say(client, roomId, 'hi');
  const { streamId } = await client.request('message.stream.start', { roomId, clientId: fresh() });
  const said = { roomId, streamId: streamId as string, offset: 0, text: 'so' };
  await client.request('message.stream.append', said);
  const { sessionId } = client.ready as { sessionId: string };
  return {
    client,
    roomId,
    seq: seq as number,
    memberId,
    streamId: streamId as string,
    accessToken,
    sessionId,
    fresh,
  };
}

/** Sends a frame as it is written, and gives its one answer. */
export async function exchange(client: TestClient, event: string, data: string): Promise<Json> {
  const id = fresh();
  return await new Promise((resolve, reject) => {
    const listen = (bytes: Buffer): void => {
      const frame = JSON.parse(bytes.toString()) as Json;
      if (frame['id'] !== id) return;
      client.ws.off('message', listen);
      resolve(frame);
    };
    client.ws.on('message', listen);
    void client.closed.then(({ code }) =>
      reject(new Error(`closed with ${code} instead of an answer to ${event}`)),
    );
    client.send(`{"event":"${event}","id":"${id}","data":${data}}`);
  });
}
