import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from 'parley/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createRoom } from '../conformance/contract.js';
import { ask } from '../support/ask.js';
import { CHROMIUM, describeWith } from '../support/tools.js';

const describeInChromium = describeWith(CHROMIUM);

/** A browser is slow to start on a busy machine. */
const START_TIMEOUT_MS = 60_000;

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** What a page can try against the service; each resolves with what came of it. */
const PAGE = `<!doctype html><title>a page</title><script>
  const post = (url, body, token) => fetch(url, {
    method: 'POST', body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...(token && { authorization: 'Bearer ' + token }) },
  }).then(async (answer) => ({ status: answer.status, body: await answer.json() }), (error) => error.name);
  const get = (url) => fetch(url).then((answer) => answer.status, (error) => error.name);
  const connect = (url, protocols) => new Promise((resolve) => {
    const ws = new WebSocket(url, protocols);
    ws.onmessage = ({ data }) => { resolve(JSON.parse(data).event); ws.close(); };
    ws.onclose = ({ code }) => resolve(code);
  });
  const framed = (url) => new Promise((resolve) => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    frame.onload = () => { try { resolve(frame.contentDocument ? 'blank' : 'shut'); } catch { resolve('shut'); } };
    frame.src = url;
  });
  const shown = (url) => new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve('shown');
    image.onerror = () => resolve('blocked');
    image.src = url;
  });
  const sandboxed = (code) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    addEventListener('message', ({ data, origin }) => resolve({ data, origin }), { once: true });
    frame.srcdoc = document.scripts[0].outerHTML +
      '<scr' + 'ipt>' + code + '.then((data) => parent.postMessage(data, "*"))</scr' + 'ipt>';
    document.body.append(frame);
  });
</script><body></body>`;

/** Any other server of the web. */
async function servePages(): Promise<{ server: Server; origin: string }> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(PAGE);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describeInChromium('in Chromium (T01)', () => {
  let server: TestServer;
  let browser: Browser;
  let listed: Awaited<ReturnType<typeof servePages>>;
  let foreign: Awaited<ReturnType<typeof servePages>>;
  let token: string;
  let page: Page;

  beforeAll(async () => {
    [listed, foreign] = await Promise.all([servePages(), servePages()]);
    server = await startServer({ env: { ALLOWED_ORIGINS: listed.origin } });
    token = (await server.user('ann')).accessToken;
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await browser.close();
    await server.close();
    for (const { server: pages } of [listed, foreign]) pages.close();
  });

  const url = (path: string): string => JSON.stringify(`${server.url}${path}`);
  const ws = (path = '/ws'): string => JSON.stringify(`${server.url.replace('http', 'ws')}${path}`);
  const protocols = (): string => JSON.stringify(['chat', `bearer.${token}`]);
  const run = async (code: string): Promise<unknown> => await page.evaluate(code);
  const ticket = async (): Promise<string> => {
    const { body } = await server.http.post('/auth/ticket', {}, { token });
    return String(body['ticket']);
  };

  describe('a page of a listed origin', () => {
    beforeAll(async () => {
      page = await browser.newPage();
      await page.goto(listed.origin);
    });

    it('registers, takes a ticket, and connects with it', async () => {
      const account = JSON.stringify({ username: 'bob', password: "bob's password" });
      const registered = await run(`post(${url('/auth/register')}, ${account})`);
      expect(registered).toMatchObject({ status: 201, body: { user: { username: 'bob' } } });
      const { accessToken } = (registered as { body: { accessToken: string } }).body;
      const taken = await run(`post(${url('/auth/ticket')}, {}, ${JSON.stringify(accessToken)})`);
      expect(taken).toMatchObject({ status: 201 });
      const { ticket: one } = (taken as { body: { ticket: string } }).body;
      expect(await run(`connect(${ws(`/ws?ticket=${one}`)}, ['chat'])`)).toBe('ready');
    });

    it('connects with a bearer among its subprotocols', async () => {
      expect(await run(`connect(${ws()}, ${protocols()})`)).toBe('ready');
    });

    it('shows a file by its signed address, and by no other', async () => {
      const { id } = await picture();
      const { body } = await server.http.post(`/attachments/${id}/url`, {}, { token });
      expect(await run(`shown(${url(String(body['url']))})`)).toBe('shown');
      expect(await run(`shown(${url(`/attachments/${id}`)})`)).toBe('blocked');
    });

    it('that is in a sandbox has no origin, and is refused', async () => {
      const attempt = `connect(${ws()}, ${protocols()})`;
      expect(await run(`sandboxed(${JSON.stringify(attempt)})`)).toEqual({ data: 1006, origin: 'null' });
    });
  });

  describe('a page of a foreign origin', () => {
    beforeAll(async () => {
      page = await browser.newPage();
      await page.goto(foreign.origin);
    });

    it('reads no answer', async () => {
      expect(await run(`get(${url('/health/live')})`)).toBe('TypeError');
      expect(await run(`post(${url('/auth/ticket')}, {}, ${JSON.stringify(token)})`)).toBe('TypeError');
    });

    it('cannot connect, be its credential as good as it may', async () => {
      expect(await run(`connect(${ws()}, ${protocols()})`)).toBe(1006);
      const one = await ticket();
      expect(await run(`connect(${ws(`/ws?ticket=${one}`)}, ['chat'])`)).toBe(1006);
      const unspent = await server.open({ path: `/ws?ticket=${one}` });
      await unspent.terminate();
    });

    it('cannot put the service into a frame', async () => {
      const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
      expect(await run(`framed(${url('/health/live')})`)).toBe('shut');
      expect((await refused).type()).toBe('error');
    });
  });

  it('a page that is an answer of the service can do nothing (T39)', async () => {
    page = await browser.newPage();
    await page.goto(`${server.url}/health/live`);
    const attempt = `new Promise((resolve) => {
      addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
      new WebSocket(${ws()}, ${protocols()}).onopen = () => resolve('open');
    })`;
    expect(await run(attempt)).toBe('connect-src');
  });

  async function picture(): Promise<{ id: string }> {
    const ann = await server.connect('ann');
    const room = await createRoom(ann, { kind: 'group', name: 'pictures', memberIds: [] });
    const form = new FormData();
    form.set('roomId', String(room['id']));
    form.set('file', new Blob([PIXEL]), 'pixel.png');
    const request = new Request('http://x', { method: 'POST', body: form });
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': request.headers.get('content-type') ?? '',
    };
    const body = Buffer.from(await request.arrayBuffer());
    const { body: answer } = await ask(`${server.url}/attachments`, { headers, body });
    await ann.close();
    return answer['attachment'] as { id: string };
  }
});
