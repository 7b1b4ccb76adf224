import pg from 'pg';
import { AppModule } from '../../../src/app.module.js';
import { startParley } from '../../../src/start-parley.js';

/* Leaves a number of a room's log out now and then, as one that is taken from a sequence does when its transaction is undone. */

const LEAVE_OUT = `
  create or replace function leave_out() returns trigger language plpgsql as $$
  begin
    if new.head > old.head and random() < 0.02 then new.head := new.head + 1; end if;
    return new;
  end $$;
  create or replace trigger leave_out before update on rooms for each row execute function leave_out();
`;

await startParley(AppModule);
const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
await client.connect();
// The nodes do it one after the other.
await client.query(`begin; select pg_advisory_xact_lock(1); ${LEAVE_OUT} commit`);
await client.end();
