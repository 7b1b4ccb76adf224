import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqliteConnection } from './sqlite-connection.js';

describe('SqliteConnection', () => {
  let directory: string;
  let connection: SqliteConnection;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-'));
    connection = new SqliteConnection({ role: 'writer', file: join(directory, 'x.db'), synchronous: 'FULL' });
    connection.run('create table things (id integer primary key, name text)');
  });
  afterAll(async () => {
    connection.close();
    await rm(directory, { recursive: true });
  });

  const typed = (value: unknown): unknown =>
    connection.prepare('select ? as value, typeof(?) as type').all([value, value])[0];

  it.each([
    [7, 7, 'integer'],
    [-0, 0, 'integer'],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'integer'],
    [1.5, 1.5, 'real'],
    ['a\u{1f600}', 'a\u{1f600}', 'text'],
    [null, null, 'null'],
  ])('stores %p as it is', (value, stored, type) => {
    expect(typed(value)).toEqual({ value: stored, type });
  });

  it('gives bytes as bytes', () => {
    const { value } = typed(new Uint8Array([0, 255])) as { value: Uint8Array };
    expect([...value]).toEqual([0, 255]);
  });

  it.each([
    [true, 'write 1 or 0'],
    [undefined, 'write null'],
    ['a\0b', 'U+0000'],
    [new Date(0), 'can only bind'],
  ])('refuses %p', (value, message) => {
    expect(() => typed(value)).toThrow(message);
  });

  it('prepares a text once, and again after it was pushed out', () => {
    const first = connection.prepare('select 1 as one');
    expect(connection.prepare('select 1 as one')).toBe(first);
    for (let index = 0; index < 500; index += 1) connection.prepare(`select ${index} as other`);
    expect(connection.prepare('select 1 as one')).not.toBe(first);
    expect(first.all([])).toEqual([{ one: 1 }]);
  });

  it('follows a change of the schema with a kept statement', () => {
    const everything = connection.prepare('select * from things');
    connection.run("insert into things values (1, 'x')");
    expect(everything.all([])).toEqual([{ id: 1, name: 'x' }]);
    connection.run('alter table things add column size integer');
    expect(everything.all([])).toEqual([{ id: 1, name: 'x', size: null }]);
  });

  it('gives rows of statements that write', () => {
    const statement = connection.prepare('insert into things (name) values (?) returning name');
    expect(statement.reader).toBe(true);
    expect(statement.all(['y'])).toEqual([{ name: 'y' }]);
  });
});
