import { type Json, RequestFailed, startServer, type TestClient, type TestServer } from 'parley/testing';
import { uploaded } from '../../../src/features/chat/attachments/testing.js';
import { createRoom, say } from '../contract.js';
import type { Named } from './rows.js';
import { type Rank, RANKS, type Setting } from './verdicts.js';

const NAMES = [...RANKS, 'peer', 'blocked', 'target', 'newcomer'] as const;
type Name = (typeof NAMES)[number];

/** A room, and what there is to name in it. */
export interface Staffed {
  readonly roomId: string;
  named(rank: Rank): Named;
  /** The room that this rank looks at, where it is not the same for all. */
  roomOf(rank: Rank): string;
  /** What came with a message of the target's in that room. */
  attachmentOf(rank: Rank): string;
}

/** One of each rank, connected. */
export class People {
  private directs: Readonly<Record<'peer' | 'blocked', { roomId: string; own: number }>> | undefined;

  private constructor(
    readonly server: TestServer,
    readonly clients: Readonly<Record<Name, TestClient>>,
    readonly ids: Readonly<Record<Name, string>>,
  ) {}

  static async gather(): Promise<People> {
    const env = { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' };
    const server = await startServer({ env });
    const pairs = await Promise.all(
      NAMES.map(async (name) => [name, await server.connect(name.toLowerCase())] as const),
    );
    const clients = Object.fromEntries(pairs) as Record<Name, TestClient>;
    const ids = Object.fromEntries(
      pairs.map(([name, { ready }]) => [name, (ready['user'] as Json)['id'] as string]),
    ) as Record<Name, string>;
    return new People(server, clients, ids);
  }

  async staff(setting: Setting): Promise<Staffed> {
    return setting === 'direct' ? await this.direct() : await this.room(setting);
  }

  /** A room with one of each, in which everyone but the stranger has said something. */
  private async room(setting: Exclude<Setting, 'direct'>): Promise<Staffed> {
    const { clients, ids } = this;
    const kind = setting.endsWith('roup') ? 'group' : 'channel';
    const members = ['admin', 'member', 'silenced', 'exMember', 'banned'] as const;
    const memberIds = [...members, 'target' as const].map((name) => ids[name]);
    const { id } = await createRoom(clients.owner, { kind, memberIds });
    const roomId = String(id);
    const seqs = new Map<string, number>();
    for (const name of ['owner', ...members] as const)
      seqs.set(name, (await say(clients[name], roomId, 'some words'))['seq'] as number);
    const { seq: other, attachmentId } = await this.attach(roomId);
    const { owner, exMember } = clients;
    await owner.request('room.role', { roomId, userId: ids.admin, role: 'admin' });
    await owner.request('room.silence', { roomId, userId: ids.silenced, seconds: 3600 });
    await exMember.request('room.leave', { roomId });
    await owner.request('room.remove', { roomId, userId: ids.banned, ban: true });
    if (setting.startsWith('archived')) await owner.request('room.archive', { roomId });
    return {
      roomId,
      named: (rank) => this.namedWith(seqs.get(rank) ?? other, other),
      roomOf: () => roomId,
      attachmentOf: () => attachmentId,
    };
  }

  /** The direct rooms of the peer and of the blocked one, each with the target, and a new message of the target's. */
  private async direct(): Promise<Staffed> {
    this.directs ??= { peer: await this.open('peer'), blocked: await this.open('blocked') };
    const { peer, blocked } = this.directs;
    await this.clients.target.request('user.block', { userId: this.ids.blocked });
    const others = { peer: await this.attach(peer.roomId), blocked: await this.attach(blocked.roomId) };
    const sideOf = (rank: Rank): 'peer' | 'blocked' => (rank === 'blocked' ? 'blocked' : 'peer');
    const ownOf = (rank: Rank): number =>
      rank === 'stranger' ? others.peer.seq : { peer, blocked }[sideOf(rank)].own;
    return {
      roomId: peer.roomId,
      named: (rank) => this.namedWith(ownOf(rank), others[sideOf(rank)].seq),
      roomOf: (rank) => ({ peer, blocked })[sideOf(rank)].roomId,
      attachmentOf: (rank) => others[sideOf(rank)].attachmentId,
    };
  }

  /** Has the target send a message with an attachment. */
  private async attach(roomId: string): Promise<{ seq: number; attachmentId: string }> {
    const attachmentId = (await uploaded(this.server, 'target', roomId))['id'] as string;
    const { seq } = await say(this.clients.target, roomId, 'some words', { attachmentIds: [attachmentId] });
    return { seq: seq as number, attachmentId };
  }

  private async open(name: 'peer' | 'blocked'): Promise<{ roomId: string; own: number }> {
    const client = this.clients[name];
    const { id } = await createRoom(client, { kind: 'direct', memberIds: [this.ids.target] });
    const { seq } = await say(client, String(id), 'some words');
    return { roomId: String(id), own: seq as number };
  }

  private namedWith(own: number, other: number): Named {
    return { target: this.ids.target, newcomer: this.ids.newcomer, own, other };
  }
}

/** The failure that a request is answered with, if it is. */
export async function failureOf(client: TestClient, event: string, data: object): Promise<Json | undefined> {
  return await client.request(event, data).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof RequestFailed) return error.data;
      throw error;
    },
  );
}
