import type { Provider } from '@nestjs/common';
import { ProfileAudience } from './profile-audience.js';
import { ProfilePushes } from './profile-pushes.js';

/** What chat's module provides so that those who share a room learn who their company is. */
export const profileProviders: Provider[] = [ProfileAudience, ProfilePushes];
