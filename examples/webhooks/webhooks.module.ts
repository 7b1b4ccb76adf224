import { type DynamicModule, Module } from '@nestjs/common';
import { WEBHOOK_URL, Webhooks } from './webhooks.consumer.js';

@Module({})
export class WebhooksModule {
  static to(url: string): DynamicModule {
    return { module: WebhooksModule, providers: [Webhooks, { provide: WEBHOOK_URL, useValue: url }] };
  }
}
