import { Inject, Injectable } from '@nestjs/common';
import { ConsumesLog, type LogBatch, type LogConsumer } from 'parley';

/** Injects the address that events are posted to. */
export const WEBHOOK_URL = Symbol('WebhookUrl');

/** Posts what is said in rooms to another service. A batch that was answered with an error is posted again. */
@ConsumesLog()
@Injectable()
export class Webhooks implements LogConsumer {
  readonly name = 'webhooks';
  readonly types = ['message', 'message.edited', 'message.deleted'];
  readonly timeoutMs = 10_000;

  constructor(@Inject(WEBHOOK_URL) private readonly url: string) {}

  async handle({ events, signal }: LogBatch): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ events });
    const answer = await fetch(this.url, { method: 'POST', headers, body, signal, redirect: 'error' });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`);
  }
}
