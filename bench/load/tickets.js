import { Agent, request } from 'node:http';
import { once } from 'node:events';

const CREATED = 201;

/** A ticket for each of the members, `parallel` at a time; gives the members with their tickets. */
export async function takeTickets({ host, port, facts, parallel }) {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const ticketOf = async ({ token, ...others }) => {
    const headers = { authorization: `Bearer ${token}` };
    const asked = request({ host, port, agent, headers, method: 'POST', path: '/auth/ticket' }).end();
    const [response] = await once(asked, 'response');
    const chunks = await response.toArray();
    if (response.statusCode !== CREATED) throw new Error(`no ticket: ${response.statusCode}`);
    return { ...others, ticket: JSON.parse(Buffer.concat(chunks)).ticket };
  };
  const tickets = await Promise.all(facts.map(ticketOf));
  agent.destroy();
  return tickets;
}
