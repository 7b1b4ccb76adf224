import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('./.swcrc.json', import.meta.url), 'utf8'));
delete swc.jsc.baseUrl;

/** Campaigns take minutes; `PARLEY_TESTS=brief` leaves them out. */
const campaigns = [
  'attack',
  'backup',
  'crash',
  'deploy',
  'faults',
  'front-door',
  'fuzz',
  'model',
  'processes',
  'races',
  'rfc6455',
  'simulation',
];
const left =
  process.env.PARLEY_TESTS === 'brief' ? campaigns.map((folder) => `<rootDir>/test/${folder}/`) : [];

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^parley$': '<rootDir>/src/index.ts',
    '^parley/testing$': '<rootDir>/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.test-build/', ...left],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.test-build/'],
  globalSetup: '<rootDir>/test/support/compile.js',
  setupFiles: ['<rootDir>/test/support/seed-properties.ts'],
  maxWorkers: 2,
  // A worker keeps something of every suite; one that starts anew is faster than one that collects garbage.
  workerIdleMemoryLimit: '800MB',
  // A wait that fails says so itself, long before; this is for machines that have more to do than one suite.
  testTimeout: 60_000,
};
