import type { Subprotocol } from '../realtime/index.js';
import type { Json } from './frames.js';
import { type OpenOptions, TestClient } from './test-client.js';
import { TestHttp } from './test-http.js';

/** A token is not used any more when it ends sooner than this. */
const TOKEN_MARGIN_MS = 1000;

/** How a client shows who it is: the `Authorization` header, a `bearer.…` subprotocol, or a ticket in the URL. */
export type Carrier = 'header' | 'subprotocol' | 'ticket';

/** How a user connects. */
export interface ConnectOptions extends OpenOptions {
  /** Defaults to `header`. */
  readonly via?: Carrier;
  /** The gateway's path. Defaults to `/ws`. */
  readonly path?: string;
  /** Offers this one. Without it, and without `subprotocols`, none is offered, and `chat` is spoken. */
  readonly subprotocol?: Subprotocol;
}

/** A user of the service under test. */
export interface TestUser {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAtMs: number;
}

/** A service that listens somewhere, with users who connect to it by name. */
export class TestTarget {
  readonly http: TestHttp;
  private readonly users = new Map<string, Promise<TestUser>>();
  private readonly clients = new Set<TestClient>();
  private readonly address: () => string;

  /** `address`: `http://…`, or what gives the one to use each time: that of some node of a cluster. */
  constructor(
    address: string | (() => string),
    private readonly now: () => number = Date.now,
  ) {
    this.address = typeof address === 'string' ? () => address : address;
    this.http = new TestHttp(this.address);
  }

  /** `http://…` */
  get url(): string {
    return this.address();
  }

  /** `ws://…/ws` */
  get wsUrl(): string {
    return this.wsUrlOf('/ws');
  }

  /** The user of this name, registered at first and logged in again when the token has run out. */
  user(name: string): Promise<TestUser> {
    const known = this.users.get(name) ?? Promise.reject(new Error('not registered yet'));
    const user = known.then(
      (before) => (before.expiresAtMs > this.now() + TOKEN_MARGIN_MS ? before : this.registerOrLogIn(name)),
      () => this.registerOrLogIn(name),
    );
    this.users.set(name, user);
    return user;
  }

  /** Connects as the user of this name and waits for `ready`. */
  async connect(name: string, options: ConnectOptions = {}): Promise<TestClient> {
    const { subprotocol, subprotocols = subprotocol === undefined ? undefined : [subprotocol] } = options;
    const offered = { ...options, ...(subprotocols && { subprotocols }) };
    const { url, open } = await this.credentials(await this.user(name), offered);
    const client = await TestClient.connect(url, open);
    this.clients.add(client);
    return client;
  }

  /** Opens a socket without a credential of its own, and waits for the upgrade alone. */
  async open({
    path = '/ws',
    ...options
  }: OpenOptions & { readonly path?: string } = {}): Promise<TestClient> {
    const client = await TestClient.open(this.wsUrlOf(path), options);
    this.clients.add(client);
    return client;
  }

  /** Ends the sockets that tests left open. */
  protected async endClients(): Promise<void> {
    await Promise.all([...this.clients].map((client) => client.terminate()));
    this.clients.clear();
  }

  private wsUrlOf(path: string): string {
    return new URL(path, this.url.replace(/^http/, 'ws')).href;
  }

  private async registerOrLogIn(name: string): Promise<TestUser> {
    const account = { username: name, password: `${name}'s password` };
    const registered = await this.http.post('/auth/register', account);
    const { status, body } =
      registered.status === 409 ? await this.http.post('/auth/login', account) : registered;
    if (status !== 200 && status !== 201)
      throw new Error(`${name} cannot log in: ${status} ${JSON.stringify(body)}`);
    return {
      ...account,
      id: (body['user'] as Json)['id'] as string,
      accessToken: body['accessToken'] as string,
      refreshToken: body['refreshToken'] as string,
      expiresAtMs: this.now() + (body['expiresIn'] as number) * 1000,
    };
  }

  private async credentials(user: TestUser, { via = 'header', path = '/ws', ...open }: ConnectOptions) {
    const url = this.wsUrlOf(path);
    if (via === 'subprotocol') {
      const subprotocols = [...(open.subprotocols ?? ['chat']), `bearer.${user.accessToken}`];
      return { url, open: { ...open, subprotocols } };
    }
    if (via === 'ticket') {
      const { body } = await this.http.post('/auth/ticket', {}, { token: user.accessToken });
      return { url: `${url}?ticket=${encodeURIComponent(String(body['ticket']))}`, open };
    }
    return {
      url,
      open: { ...open, headers: { authorization: `Bearer ${user.accessToken}`, ...open.headers } },
    };
  }
}
