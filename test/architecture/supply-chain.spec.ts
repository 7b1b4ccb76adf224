import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
const { packages } = read('package-lock.json') as { packages: Record<string, LockedPackage> };
const manifest = read('package.json') as Record<string, Record<string, string | boolean>>;
const locked = Object.entries(packages).filter(([path]) => path !== '');

/** Where npm looks for a package whose place the lock does not name. */
const REGISTRY = 'https://registry.npmjs.org/';

/** Releases before these have faults that a client can use. */
const FLOORS = {
  ws: '8.23.0',
  '@nestjs/common': '12.5.0',
  '@nestjs/core': '12.5.0',
  '@nestjs/platform-express': '12.5.0',
  '@nestjs/platform-ws': '12.1.0',
  '@nestjs/websockets': '12.1.0',
  'file-type': '21.3.0',
  jose: '6.2.0',
};

describe('the locked packages (T44)', () => {
  it('have an integrity each', () => {
    expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
  });

  it('come from the npm registry', () => {
    const elsewhere = locked.filter(([, { resolved = REGISTRY }]) => !resolved.startsWith(REGISTRY));
    expect(elsewhere.map(([path, { resolved }]) => [path, resolved])).toEqual([]);
  });

  it.each(Object.entries(FLOORS))('have %s at %s or later, once', (name, floor) => {
    const versions = locked
      .filter(([path]) => path.endsWith(`node_modules/${name}`))
      .map(([, { version }]) => version);
    expect(versions).toHaveLength(1);
    expect(versions.filter((version) => isBefore(String(version), floor))).toEqual([]);
  });

  it('run no install script that is not listed', () => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = scripted.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(new Set(Object.keys(manifest['allowScripts'] ?? {}))).toEqual(new Set(names));
    expect(Object.values(manifest['allowScripts'] ?? {}).every((isAllowed) => isAllowed === false)).toBe(
      true,
    );
  });

  it('are installed for what is judged without any script of theirs', () => {
    const judge = readFileSync(new URL('../../.ci/run', import.meta.url), 'utf8');
    expect(judge.match(/\bnpm (ci|install|i)\b.*/g)).toEqual([
      'npm ci --ignore-scripts --no-audit --no-fund; then',
    ]);
  });

  it('are pinned to the digit', () => {
    const wanted = { ...manifest['dependencies'], ...manifest['devDependencies'] };
    expect(Object.entries(wanted).filter(([, range]) => !/^\d+\.\d+\.\d+$/.test(String(range)))).toEqual([]);
  });
});

function isBefore(version: string, floor: string): boolean {
  const [left, right] = [version, floor].map((text) => text.split('.').map(Number));
  const index = left?.findIndex((part, at) => part !== right?.[at]) ?? -1;
  return index >= 0 && (left?.[index] ?? 0) < (right?.[index] ?? 0);
}
