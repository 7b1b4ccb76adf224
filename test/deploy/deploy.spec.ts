import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig, SETTINGS } from '../../src/config/index.js';

// oxlint-disable-next-line typescript/no-explicit-any -- what stands in the files is asserted, not declared
type Yaml = any;

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const compose = parse(read('compose.yaml'), { merge: true }) as Yaml;
const manifests = parseAllDocuments(read('deploy/kubernetes.yaml')).map(
  (document) => document.toJS() as Yaml,
);
const ofKind = (kind: string): Yaml => manifests.find((manifest) => manifest.kind === kind);
const pod = ofKind('Deployment').spec.template.spec as Yaml;
const [container] = pod.containers as Yaml[];

/** What a node of a cluster must be told, whatever runs it. */
const NEEDED = ['DATABASE_URL', 'REDIS_URL', 'PUBLIC_URL', 'TRUSTED_PROXIES', 'DRAIN_DELAY_MS', 'DRAIN_MS'];

/** Values that the files leave to who uses them. */
const GIVEN: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://parley:b7f3a09c1d2e4f50@postgres/parley',
  REDIS_URL: 'redis://redis:6379',
  S3_URL: 'https://id:b7f3a09c1d2e4f5061728394a5b6c7d8@files.example.com/bucket',
  ADMIN_TOKEN: 'b7f3a09c1d2e4f5061728394a5b6c7d8',
  PUBLIC_URL: 'https://chat.example.com',
};

const composed = compose.services['node-1'].environment as Record<string, string>;
const configured: Record<string, string> = {
  ...(ofKind('ConfigMap').data as Record<string, string>),
  ...Object.fromEntries((container.env as Yaml[]).map(({ name }) => [name, ''])),
};

describe.each([
  ['compose.yaml', composed, ['SHARED_FILES']],
  ['deploy/kubernetes.yaml', configured, ['S3_URL', 'ADMIN_TOKEN']],
])('%s', (_, env, more) => {
  it('names keys of the service, and all that a cluster needs', () => {
    expect(Object.keys(env).filter((key) => !(key in SETTINGS))).toEqual([]);
    expect([...NEEDED, ...more].filter((key) => !(key in env))).toEqual([]);
  });

  it('gives them values that the service takes in production', () => {
    const source = { ...env, NODE_ENV: 'production', ...pick(GIVEN, Object.keys(env)) };
    const { warnings } = loadConfig({ env: source, folder: `${tmpdir()}/no-such-folder`, isTerminal: false });
    expect(warnings).toEqual([]);
  });
});

function pick(values: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

const drainS = (env: Record<string, string>): number =>
  (Number(env['DRAIN_DELAY_MS']) + Number(env['DRAIN_MS'])) / 1000 + 10;

describe('a node that is told to stop', () => {
  it('is given the time that its drain takes', () => {
    expect(Number.parseInt(compose.services['node-1'].stop_grace_period, 10)).toBeGreaterThan(
      drainS(composed),
    );
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drainS(configured));
  });

  it('is known to the balancer before it refuses anybody', () => {
    const [, interS, fall] = /inter (\d+)s fall (\d+)/.exec(read('deploy/haproxy.cfg')) ?? [];
    expect(Number(composed['DRAIN_DELAY_MS'])).toBeGreaterThan(Number(interS) * Number(fall) * 1000);
    const { periodSeconds, failureThreshold } = container.readinessProbe;
    expect(Number(configured['DRAIN_DELAY_MS'])).toBeGreaterThan(periodSeconds * failureThreshold * 1000);
  });
});

describe('addresses', () => {
  it('are those at which the service listens', () => {
    const port = Number(SETTINGS.PORT.shownDefault);
    expect(read('Dockerfile')).toContain(`EXPOSE ${port}\n`);
    expect(read('deploy/haproxy.cfg').match(/^ {4}server node-\d node-\d:\d+$/gm)).toEqual([
      `    server node-1 node-1:${port}`,
      `    server node-2 node-2:${port}`,
    ]);
    expect(container.ports).toEqual([
      { name: 'http', containerPort: port },
      { name: 'admin', containerPort: Number(configured['ADMIN_PORT']) },
    ]);
    expect(ofKind('Deployment').spec.template.metadata.annotations['prometheus.io/port']).toBe(
      configured['ADMIN_PORT'],
    );
    expect(composed['TRUSTED_PROXIES']).toBe(compose.services.balancer.networks.parley.ipv4_address);
  });

  it('of health are asked by whoever can act on them', () => {
    expect(container.livenessProbe.httpGet.path).toBe('/health/live');
    expect(container.startupProbe.httpGet.path).toBe('/health/live');
    expect(container.readinessProbe.httpGet.path).toBe('/health/ready');
    expect(read('deploy/haproxy.cfg')).toContain('option httpchk GET /health/ready');
    expect(read('Dockerfile')).toContain('/health/live');
  });

  it('of the manifest meet each other', () => {
    const { app } = ofKind('Deployment').spec.template.metadata.labels;
    expect(ofKind('Deployment').spec.selector.matchLabels).toEqual({ app });
    expect(ofKind('Service').spec.selector).toEqual({ app });
    expect(ofKind('PodDisruptionBudget').spec.selector.matchLabels).toEqual({ app });
  });
});

describe('the image', () => {
  it('is built from what is in the repository', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, paths = '']) =>
      paths.split(' '),
    );
    const kept = new Set([...read('.dockerignore').matchAll(/^!(.*)$/gm)].map(([, path]) => path));
    expect(copied.filter((path) => !kept.has(path.replace('./', '')))).toEqual([]);
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
    expect(composed['DATA_DIR']).toBe(/DATA_DIR=(\S+)/.exec(read('Dockerfile'))?.[1]);
  });

  it('keeps Redis from throwing out what nodes rely on', () => {
    expect(compose.services.redis.command.join(' ')).toContain('--maxmemory-policy noeviction');
  });
});
