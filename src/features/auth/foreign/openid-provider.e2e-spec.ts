import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Configuration } from 'oidc-provider';
import { type Json, startServer, type TestServer } from '../../../testing/index.js';

const RESOURCE = 'https://chat.example.com';
const CALLBACK = 'https://app.example.com/callback';

/** A real OpenID provider whose login page is its developers' one: any name is let in. */
const CONFIGURATION: Configuration = {
  clients: [
    {
      client_id: 'web',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
  ],
  cookies: { keys: [randomBytes(32).toString('hex')] },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: `${sub} Example`, preferred_username: sub }),
  }),
  extraTokenClaims: (_, token) => ({
    preferred_username: 'accountId' in token ? token.accountId : undefined,
    name: 'Ann Example',
    sid: 'sessionUid' in token ? token.sessionUid : undefined,
  }),
  scopes: ['openid', 'offline_access', 'chat'],
  issueRefreshToken: () => true,
  features: {
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'chat',
        audience: RESOURCE,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
};

/** A browser that keeps its cookies. */
class Browser {
  private readonly cookies = new Map<string, string>();

  async visit(url: URL | string, form?: Record<string, string>): Promise<Response> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      this.cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return response;
  }
}

describe('a real OpenID provider', () => {
  let listener: Server;
  let issuer: string;
  let server: TestServer;
  let tokens: Json;

  beforeAll(async () => {
    // It warns that its keys and pages are for development, which is what they are for here.
    jest.spyOn(console, 'warn').mockReturnValue();
    jest.spyOn(console, 'info').mockReturnValue();
    const { default: Provider } = await import('oidc-provider');
    listener = createServer();
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    issuer = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, CONFIGURATION);
    listener.on('request', (request, response) => void provider.callback()(request, response));
    const { jwks_uri: jwksUrl } = (await (
      await fetch(`${issuer}/.well-known/openid-configuration`)
    ).json()) as Json;
    server = await startServer({
      env: { AUTH_ISSUER: issuer, AUTH_JWKS_URL: String(jwksUrl), AUTH_AUDIENCE: RESOURCE },
    });
    tokens = await logIn('Ann.Example');
  }, 60_000);
  afterAll(async () => {
    await server.close();
    listener.closeAllConnections();
    listener.close();
    jest.restoreAllMocks();
  });

  /** The authorization code flow with PKCE, as an app of ours would go through it. */
  async function logIn(login: string): Promise<Json> {
    const browser = new Browser();
    const verifier = randomBytes(32).toString('base64url');
    const authorize = new URL('/auth', issuer);
    authorize.search = new URLSearchParams({
      client_id: 'web',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid offline_access chat',
      prompt: 'consent',
      resource: RESOURCE,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }).toString();
    const code = await codeFrom(browser, authorize, login);
    return await granted({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: CALLBACK,
    });
  }

  /** Answers each page of the provider until it sends the browser back to the app. */
  async function codeFrom(browser: Browser, start: URL, login: string): Promise<string> {
    let response = await browser.visit(start);
    for (let steps = 0; steps < 12; steps += 1) {
      const location = response.headers.get('location');
      if (location?.startsWith(CALLBACK)) return new URL(location).searchParams.get('code') ?? '';
      response =
        location === null
          ? await answered(browser, response, login)
          : await browser.visit(new URL(location, issuer));
    }
    throw new Error('the provider does not come to an end');
  }

  async function answered(browser: Browser, page: Response, login: string): Promise<Response> {
    const html = await page.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(html) ?? [];
    if (action === undefined) throw new Error(`a page without a form: ${page.status} ${html.slice(0, 500)}`);
    const [, prompt = 'login'] = /name="prompt" value="([^"]+)"/.exec(html) ?? [];
    return await browser.visit(new URL(action, issuer), { prompt, login, password: 'any' });
  }

  async function granted(form: Record<string, string>): Promise<Json> {
    const body = new URLSearchParams({ client_id: 'web', ...form });
    const response = await fetch(new URL('/token', issuer), { method: 'POST', body });
    const answer = (await response.json()) as Json;
    expect([response.status, answer]).toEqual([
      200,
      expect.objectContaining({ access_token: expect.any(String) }),
    ]);
    return answer;
  }

  it('vouches for a user, who talks with one of our own accounts', async () => {
    const accessToken = String(tokens['access_token']);
    const ann = await server.open({ subprotocols: ['chat', `bearer.${accessToken}`] });
    const { user } = await ann.next('ready');
    expect(user).toMatchObject({ username: 'ann.example', displayName: 'Ann Example' });
    const ben = await server.connect('ben');
    const memberIds = [(user as Json)['id']];
    const { room } = await ben.request('room.create', { kind: 'direct', memberIds });
    const roomId = (room as Json)['id'];
    await ann.request('message.send', { roomId, text: 'hello', clientId: 'client-0001' });
    const { message } = await ben.next('room.event', ({ type }) => type === 'message');
    expect(message).toMatchObject({ text: 'hello', senderId: (user as Json)['id'] });
  });

  it('prolongs a connection by its own refresh', async () => {
    const client = await server.open({
      headers: { authorization: `Bearer ${String(tokens['access_token'])}` },
    });
    const { sessionId } = await client.next('ready');
    const refreshed = await granted({
      grant_type: 'refresh_token',
      refresh_token: String(tokens['refresh_token']),
    });
    const { tokenExpiresAt } = await client.request('auth.refresh', {
      accessToken: refreshed['access_token'],
    });
    expect(tokenExpiresAt).toEqual(expect.any(String));
    expect(await client.request('auth.whoami')).toMatchObject({ sessionId, tokenExpiresAt });
  });

  it('has ID tokens that open nothing', async () => {
    const answer = await server.http.get('/auth/me', { token: String(tokens['id_token']) });
    expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  });

  it('knows one user by each subject, whatever the session', async () => {
    const [again, other] = [await logIn('Ann.Example'), await logIn('Eve')];
    const users = await Promise.all(
      [tokens, again, other].map(async (grant) => {
        const { body } = await server.http.get('/auth/me', { token: String(grant['access_token']) });
        return (body['user'] as Json)['id'];
      }),
    );
    expect(users[1]).toBe(users[0]);
    expect(users[2]).not.toBe(users[0]);
  });
});
