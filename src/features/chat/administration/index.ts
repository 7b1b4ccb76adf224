import type { Provider } from '@nestjs/common';
import { AdministrationGateway } from './administration.gateway.js';
import { AdministrationService } from './administration.service.js';
import { DiscoveryService } from './discovery.service.js';
import { MutesService } from './mutes.service.js';

export { store as discoveryStore } from './discovery.store.js';

/** What chat's module provides for those who run rooms, and for those who look for one. */
export const administrationProviders: Provider[] = [
  AdministrationService,
  MutesService,
  DiscoveryService,
  AdministrationGateway,
];
