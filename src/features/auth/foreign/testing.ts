import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** A pair of keys as a provider has it. */
export interface IssuerKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export const AUDIENCE = 'https://parley.test';

/** A new key; `alg` is said in its JWK. */
export async function newIssuerKey(kid: string, alg = 'RS256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** An issuer whose every word a test can choose; it publishes its keys on a socket, and counts who asks. */
export class TestIssuer {
  /** Everything that was asked of it. */
  readonly asked: string[] = [];
  keys: readonly IssuerKey[] = [];
  /** Answers instead of the keys. */
  answer: RequestListener | undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<TestIssuer> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const issuer = new TestIssuer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => {
      issuer.asked.push(request.url ?? '');
      if (issuer.answer) issuer.answer(request, response);
      else response.end(JSON.stringify({ keys: issuer.keys.map(({ jwk }) => jwk) }));
    });
    issuer.keys = [await newIssuerKey('one')];
    return issuer;
  }

  /** The keys of the configuration that make a service take its tokens. */
  get env(): Record<string, string> {
    return { AUTH_ISSUER: this.url, AUTH_JWKS_URL: `${this.url}/jwks`, AUTH_AUDIENCE: AUDIENCE };
  }

  get key(): IssuerKey {
    const [key] = this.keys;
    if (!key) throw new Error('this issuer has no key');
    return key;
  }

  /** A token of the subject, good for a quarter of an hour unless the claims say otherwise; `undefined` leaves one out. */
  async token(nowMs: number, claims: object, header: object = {}): Promise<string> {
    const nowS = Math.floor(nowMs / 1_000);
    const all = { iss: this.url, aud: AUDIENCE, iat: nowS, exp: nowS + 900, ...claims };
    return await signed(this.key, all, { typ: 'at+jwt', ...header });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Signs whatever it is given. */
export async function signed(
  { privateKey, jwk }: IssuerKey,
  claims: object,
  header: object = {},
): Promise<string> {
  const whole = { alg: jwk.alg, kid: jwk.kid, ...header };
  return await new SignJWT(JSON.parse(JSON.stringify(claims)) as JWTPayload)
    .setProtectedHeader(JSON.parse(JSON.stringify(whole)) as { alg: string })
    .sign(privateKey, { crit: { 'urn:evil': true } });
}
