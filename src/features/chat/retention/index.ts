import type { Provider } from '@nestjs/common';
import { RetentionSweeper } from './retention-sweeper.js';

export { store as retentionStore } from './retention.store.js';
export { RetentionSweeper };

/** What chat's module provides for retention. */
export const retentionProviders: Provider[] = [RetentionSweeper];
