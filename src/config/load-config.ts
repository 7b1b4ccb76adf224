import { ConfigError } from './config-error.js';
import { brokenRules } from './rules.js';
import type { Setting } from './setting.js';
import { type Key, SETTINGS, type Values } from './settings/settings.js';
import { readSources, type Source } from './sources.js';
import { unknownKeys } from './unknown-keys.js';

/** The settings of this process, read once at its start. Each key is documented in `docs/configuration.md`. */
export type Config = Omit<Values, 'LOG_FORMAT'> & { readonly LOG_FORMAT: 'pretty' | 'json' };

/** A configuration that is right, and what is to be said of it. */
export interface LoadedConfig {
  readonly config: Config;
  /** Lines to print once there is a log: keys that are set in vain. */
  readonly warnings: readonly string[];
}

/** Where the settings come from. */
export interface ConfigSources {
  readonly env: Source;
  /** The folder of `.env.local` and `.env`. */
  readonly folder: string;
  /** Whether people read the log as it is written. */
  readonly isTerminal: boolean;
}

/** Reads and checks the whole configuration. Throws a `ConfigError` that names every wrong key. */
export function loadConfig({ env, folder, isTerminal }: ConfigSources): LoadedConfig {
  const source = readSources(env, folder);
  const values = readValues(source);
  refuse(brokenRules(values));
  const isPretty = isTerminal && values.NODE_ENV !== 'production';
  return {
    config: Object.freeze({ ...values, LOG_FORMAT: values.LOG_FORMAT ?? (isPretty ? 'pretty' : 'json') }),
    warnings: unknownKeys(Object.keys(source)),
  };
}

function readValues(source: Source): Values {
  const faults: string[] = [];
  const entries = declared().map(([key, setting]) => {
    const text = source[key]?.trim() ?? '';
    if (text === '') return [key, setting.fallback] as const;
    const { data, error } = setting.schema.safeParse(text);
    if (error) faults.push(`${key} ${error.issues[0]?.message}: allowed is ${setting.allowed}`);
    return [key, data] as const;
  });
  refuse(faults);
  return Object.fromEntries(entries) as Values;
}

function declared(): [Key, Setting<unknown>][] {
  return Object.entries(SETTINGS) as [Key, Setting<unknown>][];
}

function refuse(lines: readonly string[]): void {
  if (lines.length > 0) throw new ConfigError(lines);
}
