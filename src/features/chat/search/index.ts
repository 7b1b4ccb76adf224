import type { Provider } from '@nestjs/common';
import { SearchGateway } from './search.gateway.js';
import { SearchService } from './search.service.js';

export { store as searchStore } from './search.store.js';

/** What chat's module provides for searching. */
export const searchProviders: Provider[] = [SearchService, SearchGateway];
