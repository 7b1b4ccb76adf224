import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}/docs/protocol.md`, 'utf8');
const gateways = readdirSync(`${root}/src/features`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.gateway.ts'))
  .map((file) => readFileSync(`${root}/src/features/${file}`, 'utf8'));

const handled = gateways.flatMap((source) =>
  [...source.matchAll(/@SubscribeMessage\('([^']+)'\)/g)].map(([, event = '']) => event),
);

describe('the protocol’s page', () => {
  it('names as served the requests that are, and no others', () => {
    const [, note = ''] = /answers these requests: ([^]*?)\. Of section 3/.exec(page) ?? [];
    const served = [...note.matchAll(/`([a-z.]+)`/g)].map(([, event]) => event);
    expect(served.toSorted()).toEqual(handled.toSorted());
  });

  it('defines every request that is served', () => {
    const [, contract = ''] = page.split('## 1. Opening');
    expect(handled.filter((event) => !contract.includes(`\`${event}\``))).toEqual([]);
  });
});
