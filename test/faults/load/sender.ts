import { setTimeout as delay } from 'node:timers/promises';
import type { Outcome } from './load-connection.js';
import type { LoadClient } from './load-client.js';
import type { RecordFile } from './record-file.js';

/** Of acknowledged messages so many are sent again, on purpose. */
const RESENT_SHARE = 0.05;
/** Whoever does not know what became of a message sends it again, or, so often, gives up. */
const GIVEN_UP_SHARE = 0.2;
const MAX_TRIES = 40;
const RETRY_MS = 250;

/** Sends messages, each until it knows what became of it, and writes down every attempt. */
export class Sender {
  acknowledged = 0;
  open = 0;
  private sent = 0;

  constructor(
    private readonly name: string,
    private readonly records: RecordFile,
    private readonly random: () => number,
    /** Another device of the same user, or the same one. */
    private readonly deviceOf: (userId: string) => LoadClient,
  ) {}

  async send(client: LoadClient, roomId: string): Promise<void> {
    const clientId = `${this.name}-message-${++this.sent}`;
    const text = `${clientId} ${Math.floor(this.random() * 1e9)}`;
    this.open++;
    try {
      const isKnown = await this.sendUntilKnown(client, { roomId, clientId, text });
      if (!isKnown || this.random() > RESENT_SHARE) return;
      await delay(this.random() * 500);
      await this.attempt(this.deviceOf(client.plan.userId), { roomId, clientId, text });
    } finally {
      this.open--;
    }
  }

  /** Whether it was acknowledged. */
  private async sendUntilKnown(client: LoadClient, message: Message): Promise<boolean> {
    let sender = client;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { outcome, code } = await this.attempt(sender, message);
      if (outcome !== 'unknown') return outcome === 'ok';
      if (code !== NOT_CONNECTED && this.random() < GIVEN_UP_SHARE) return false;
      await delay(RETRY_MS);
      sender = this.deviceOf(client.plan.userId);
    }
    return false;
  }

  private async attempt(
    client: LoadClient,
    message: Message,
  ): Promise<{ outcome: Outcome['outcome']; code?: string }> {
    // Nothing is sent, so nothing is written down.
    if (!client.isConnected) return { outcome: 'unknown', code: NOT_CONNECTED };
    const attempt = `${this.name}-${++attempts}`;
    const { roomId: room, clientId, text } = message;
    const { connectionName: connection, plan } = client;
    this.records.write({ kind: 'invoke', attempt, connection, user: plan.userId, room, clientId, text });
    const answer = await client.request('message.send', message);
    if (answer.outcome !== 'ok') {
      const kind = answer.outcome === 'refused' ? 'fail' : 'info';
      this.records.write({ kind, attempt, code: answer.code });
      return answer;
    }
    const { seq } = answer.data['message'] as { seq: number };
    this.records.write({ kind: 'ok', attempt, seq, isDuplicate: answer.data['duplicate'] === true });
    this.acknowledged++;
    return answer;
  }
}

const NOT_CONNECTED = 'not connected';
let attempts = 0;

interface Message {
  readonly roomId: string;
  readonly clientId: string;
  readonly text: string;
}
