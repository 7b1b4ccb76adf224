import type { Provider } from '@nestjs/common';
import { SyncGateway } from './sync.gateway.js';
import { SyncService } from './sync.service.js';

export { store as syncStore } from './sync.store.js';

/** What chat's module provides for clients that were away. */
export const syncProviders: Provider[] = [SyncService, SyncGateway];
