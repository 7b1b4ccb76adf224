import type { Provider } from '@nestjs/common';
import { TypingGateway } from './typing.gateway.js';
import { TypingService } from './typing.service.js';
import { TypistPushes } from './typist-pushes.js';

export { store as typingStore } from './typing.store.js';

/** What chat's module provides for typing. */
export const typingProviders: Provider[] = [TypingService, TypistPushes, TypingGateway];
