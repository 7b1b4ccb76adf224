import { describe, expect, it } from '@jest/globals';
import type { Kysely } from 'kysely';
import { bindSeq, eventSeq, plainQuery } from './plain-query.js';
import { queryBuilder } from './sqlite/query-builder.js';

interface Tables {
  readonly votes: { readonly seq: number; readonly choice: string };
}

const builder = queryBuilder as Kysely<unknown> as Kysely<Tables>;

describe('plainQuery', () => {
  it('compiles a query, and takes one that is compiled already', () => {
    const query = builder.selectFrom('votes').select('choice').where('seq', '>', 3);
    const plain = { sql: 'select "choice" from "votes" where "seq" > ?', parameters: [3] };
    expect(plainQuery(query)).toEqual(plain);
    expect(plainQuery(query.compile())).toEqual(plain);
    expect(plainQuery(plain)).toEqual(plain);
  });

  it('survives the way to another thread, and is bound there', () => {
    const query = builder.insertInto('votes').values({ seq: eventSeq(), choice: 'tea' });
    const { sql, parameters } = bindSeq(structuredClone(plainQuery(query)), 42);
    expect(sql).toBe('insert into "votes" ("seq", "choice") values (?, ?)');
    expect(parameters).toEqual([42, 'tea']);
  });

  it('binds the seq in conditions too', () => {
    const query = builder.updateTable('votes').set({ choice: 'tea' }).where('seq', '<', eventSeq());
    expect(bindSeq(plainQuery(query), 7).parameters).toEqual(['tea', 7]);
  });

  it.each([[true], [new Date(0)], [{ nested: 1 }], [undefined]])('refuses the parameter %p', (value) => {
    expect(() => plainQuery({ sql: 'select ?', parameters: ['ok', value] })).toThrow('parameter 2');
  });
});
