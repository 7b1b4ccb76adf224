import type { Provider } from '@nestjs/common';
import { SyncGateway } from './sync.gateway.js';
import { SyncPages } from './sync-pages.js';
import { SyncService } from './sync.service.js';

export { store as syncStore } from './sync.store.js';

/** What chat's module provides for clients that were away. */
export const syncProviders: Provider[] = [SyncPages, SyncService, SyncGateway];
