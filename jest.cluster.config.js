import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import config from './jest.config.js';

/**
 * The end-to-end suites once more, on a cluster: `startServer` and `startProcess` of the test kit start three nodes, and
 * each call and each connection goes to one of them by chance. A suite that is about one node alone says so, with its reason, in
 * a comment of its own: `@one-node …`.
 */
const FOLDERS = ['src/features', 'src/ops', 'test/conformance', 'test/races', 'test/model'];

const root = fileURLToPath(new URL('.', import.meta.url));
const suites = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, String(file))),
).filter((file) => file.endsWith('.e2e-spec.ts'));
const onOneNode = suites.filter((file) => / @one-node \S/.test(readFileSync(join(root, file), 'utf8')));

/** @type {import('jest').Config} */
export default {
  ...config,
  rootDir: root,
  testMatch: FOLDERS.map((folder) => `<rootDir>/${folder}/**/*.e2e-spec.ts`),
  testPathIgnorePatterns: ['/node_modules/', ...onOneNode.map((file) => `<rootDir>/${file}`)],
  moduleNameMapper: {
    '^\\./start-(server|process)\\.js$': '<rootDir>/test/support/cluster/start-$1.ts',
    ...config.moduleNameMapper,
  },
  globalSetup: '<rootDir>/test/support/cluster/begin-run.js',
  globalTeardown: '<rootDir>/test/support/cluster/end-run.js',
};
