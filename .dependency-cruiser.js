import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';

const BASE = 'auth|chat|presence';
/** A contract stands beside its port; the test kit gathers them all. */
const CONTRACTS = '^src/testing/contracts[^/]*\\.ts$';
const SPECS = '(\\.spec|\\.e2e-spec)\\.ts$';

/** Folders inside a feature that have a front of their own: `src/features/chat/log`. */
function innerFronts() {
  if (!existsSync('src/features')) return [];
  return readdirSync('src/features', { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('/index.ts') && dirname(file).includes('/'))
    .map((file) => `src/features/${dirname(file)}`);
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one, or a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'kernel-knows-nothing-above',
      comment: 'The kernel is about sockets: what a layer above knows is handed to it.',
      severity: 'error',
      from: { path: '^src/realtime/', pathNot: SPECS },
      to: { path: '^src/', pathNot: '^src/realtime/' },
    },
    {
      name: 'storage-knows-nothing-above',
      comment: 'Storage is about the database: what a layer above knows is handed to it.',
      severity: 'error',
      from: { path: '^src/storage/', pathNot: SPECS },
      to: { path: '^src/', pathNot: '^src/storage/' },
    },
    {
      name: 'config-knows-nothing-else',
      comment: 'Settings are declared and checked without the code that they are for.',
      severity: 'error',
      from: { path: '^src/config/', pathNot: SPECS },
      to: { path: '^src/', pathNot: '^src/config/' },
    },
    {
      name: 'ops-knows-no-feature',
      comment: 'Health, logs and metrics are the same whatever the features are.',
      severity: 'error',
      from: { path: '^src/ops/', pathNot: SPECS },
      to: { path: '^src/(features|testing)/' },
    },
    {
      name: 'features-know-no-process',
      comment: 'A feature is configured by its module options, so that it works in any process.',
      severity: 'error',
      from: { path: '^src/features/', pathNot: SPECS },
      to: { path: '^src/(config|ops)/|^src/[^/]+\\.ts$' },
    },
    {
      name: 'through-the-front',
      comment: 'A folder is entered through its index.ts: the rest is its own business.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: [CONTRACTS, '\\.store\\.ts$', SPECS] },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/features/'] },
    },
    {
      name: 'through-the-front-in-stores',
      comment:
        "A store runs on the database's thread: it takes `defineStore` from its file, not Nest with the front.",
      severity: 'error',
      from: { path: '^src/([^/]+)/.*\\.store\\.ts$' },
      to: {
        path: '^src/[^/]+/',
        pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/features/', '^src/storage/store\\.ts$'],
      },
    },
    {
      name: 'through-the-front-in-specs',
      comment: 'A spec may use what storage offers to tests.',
      severity: 'error',
      from: { path: '^src/([^/]+)/.*' + SPECS },
      to: {
        path: '^src/[^/]+/',
        pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/features/', '^src/storage/testing\\.ts$'],
      },
    },
    {
      name: 'through-the-front-from-outside',
      comment:
        'The composition root enters a folder through its index.ts; tests and benches may look inside.',
      severity: 'error',
      from: { pathNot: ['^src/[^/]+/', '^(test|bench)/'] },
      to: { path: '^src/[^/]+/', pathNot: ['^src/[^/]+/index\\.ts$', '^src/features/'] },
    },
    {
      name: 'through-the-feature-front',
      comment:
        "A feature is entered through its index.ts, or its store.ts from a store: the rest is the feature's own business.",
      severity: 'error',
      from: { path: '^src/features/([^/]+)/' },
      to: {
        path: '^src/features/',
        pathNot: ['^src/features/$1/', '^src/features/[^/]+/(index|store)\\.ts$'],
      },
    },
    {
      name: 'through-the-feature-front-from-outside',
      comment:
        'The composition root enters a feature through its index.ts; tests and benches may look inside.',
      severity: 'error',
      from: { pathNot: [CONTRACTS, '^src/features/', '^(test|bench)/'] },
      to: { path: '^src/features/', pathNot: '^src/features/[^/]+/index\\.ts$' },
    },
    ...innerFronts().map((folder) => ({
      name: 'through-the-inner-front',
      comment: `${folder} has a front: its neighbours use that.`,
      severity: 'error',
      from: { path: '^src/', pathNot: [`^${folder}/`, CONTRACTS, SPECS] },
      to: { path: `^${folder}/`, pathNot: `^${folder}/index\\.ts$` },
    })),
    {
      name: 'base-features-one-way',
      comment: 'auth ← chat ← presence: the lower does not know the upper.',
      severity: 'error',
      from: { path: '^src/features/(auth|chat)/' },
      to: { path: '^src/features/(chat|presence)/', pathNot: '^src/features/$1/' },
    },
    {
      name: 'base-knows-no-add-on',
      comment: 'What the service is made of works without any add-on.',
      severity: 'error',
      from: { path: `^src/features/(${BASE})/` },
      to: { path: '^src/features/', pathNot: `^src/features/(${BASE})/` },
    },
    {
      name: 'add-ons-apart',
      comment: 'An add-on can be taken out without another one noticing.',
      severity: 'error',
      from: { path: `^src/features/(?!(?:${BASE})/)([^/]+)/` },
      to: { path: '^src/features/', pathNot: [`^src/features/(${BASE})/`, '^src/features/$1/'] },
    },
    {
      name: 'sockets-in-the-kernel-only',
      comment: 'Whoever needs a socket needs a Connection.',
      severity: 'error',
      from: { path: '^(src|examples)/', pathNot: ['^src/(realtime|testing)/', SPECS] },
      to: { path: '(^|/)(ws|@types/ws|@nestjs/platform-ws)(/|$)' },
    },
    {
      name: 'sql-in-stores-only',
      comment: 'SQL is in storage, in *.store.ts and, as the shape of tables, in *.migrations.ts.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/storage/', '[./](store|migrations)\\.ts$', SPECS] },
      to: { path: '(^|/)(kysely|libsql|pg)(/|$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'stores-without-nest',
      comment: "A store runs on the database's thread, where there is no Nest.",
      severity: 'error',
      from: { path: '\\.store\\.ts$' },
      to: { path: '(^|/)@nestjs/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'test-kit-in-tests-only',
      comment: 'What runs in production must not carry the test kit.',
      severity: 'error',
      from: { path: '^(src|examples)/', pathNot: ['^src/testing/', '(^|/)testing\\.ts$', SPECS] },
      to: { path: '^src/testing/' },
    },
    {
      name: 'fixtures-in-specs-only',
      comment: "What a folder's tests share is no part of what runs in production.",
      severity: 'error',
      from: { path: '^src/', pathNot: ['(^|/)testing\\.ts$', '^src/testing/', '\\.contract\\.ts$', SPECS] },
      to: { path: '(^|/)testing\\.ts$' },
    },
    {
      name: 'test-kit-without-runner',
      comment: 'Teams use the kit with the test runner of their choice.',
      severity: 'error',
      from: { path: '^src/testing/', pathNot: SPECS },
      to: { path: '(^|/)(@jest|jest)(/|$)' },
    },
    {
      name: 'contracts-only-gathered',
      comment:
        'The gathering of contracts is the one file that enters folders past their fronts, and for nothing else.',
      severity: 'error',
      from: { path: CONTRACTS },
      to: { pathNot: '\\.contract\\.ts$' },
    },
    {
      name: 'examples-by-the-public-front',
      comment: 'An example is written as an outside team would write it.',
      severity: 'error',
      from: { path: '^examples/([^/]+)/' },
      to: {
        path: '^(src|test|bench|examples)/',
        pathNot: ['^src/index\\.ts$', '^src/testing/index\\.ts$', '^examples/$1/'],
      },
    },
    {
      name: 'no-specs-as-modules',
      comment: 'What two tests share is a module of its own.',
      severity: 'error',
      from: {},
      to: { path: SPECS },
    },
    {
      name: 'no-dev-dependencies-in-production',
      comment: 'A bare installation has only the dependencies.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/testing/', '(^|/)testing\\.ts$', '\\.contract\\.ts$', SPECS] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that resolves to nothing is a slip.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/', '/dist/'] },
    exclude: { path: ['^\\.test-build/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
