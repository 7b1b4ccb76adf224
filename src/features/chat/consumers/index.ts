import type { Provider } from '@nestjs/common';
import { ConsumerRegistry } from './consumer-registry.js';
import { LogConsumers } from './log-consumers.js';

export { store as consumersStore } from './consumers.store.js';
export { ConsumesLog, type LogBatch, type LogConsumer } from './log-consumer.js';
export { LogConsumers } from './log-consumers.js';

/** What chat's module provides for consumers of the logs. */
export const consumerProviders: Provider[] = [ConsumerRegistry, LogConsumers];
