import type { Provider } from '@nestjs/common';
import { LifecycleGateway } from './lifecycle.gateway.js';
import { LifecycleService } from './lifecycle.service.js';
import { PinsService } from './pins.service.js';

export { store as pinsStore } from './pins.store.js';

/** What chat's module provides for what happens to messages after they were sent. */
export const lifecycleProviders: Provider[] = [LifecycleService, PinsService, LifecycleGateway];
