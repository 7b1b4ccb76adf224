/** Which SQL the database speaks. Kysely hides most of the difference; what is left switches on this. */
export type DialectName = 'sqlite' | 'postgres';
