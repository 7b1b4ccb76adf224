import type { Settings, ValuesOf } from '../setting.js';
import { AUTH_SETTINGS } from './auth.settings.js';
import { LIMIT_SETTINGS } from './limit.settings.js';
import { NETWORK_SETTINGS } from './network.settings.js';
import { OPERATION_SETTINGS } from './operation.settings.js';
import { STORAGE_SETTINGS } from './storage.settings.js';

/** Every key of the service, each declared once. */
export const SETTINGS = {
  ...NETWORK_SETTINGS,
  ...STORAGE_SETTINGS,
  ...AUTH_SETTINGS,
  ...LIMIT_SETTINGS,
  ...OPERATION_SETTINGS,
} satisfies Settings;

export type Values = ValuesOf<typeof SETTINGS>;
export type Key = keyof Values;
