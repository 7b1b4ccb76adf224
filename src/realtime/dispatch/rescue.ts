/** A handler's outcome when a filter took its error and sent an `exception` frame of its own. */
export class RescuedByFilter {
  constructor(
    /** The frame's `data`. */
    readonly data: object,
    readonly error: unknown,
  ) {}
}

interface Sender {
  send(data: unknown, ...rest: unknown[]): void;
}

/**
 * The client that exception filters are handed: an `exception` frame that it is told to send is kept, to be sent as the
 * request's answer, with its `id`; anything else is sent as always.
 */
export function rescueHost(client: object): { client: object; sent: object[] } {
  const sent: object[] = [];
  const send = (data: unknown, ...rest: unknown[]): void => {
    const exception = exceptionIn(data);
    if (exception === undefined) (client as Sender).send(data, ...rest);
    else sent.push(exception);
  };
  const handler: ProxyHandler<object> = {
    get: (target, key) => (key === 'send' ? send : valueOf(target, key)),
  };
  return { client: new Proxy(client, handler), sent };
}

/** Methods keep the client as their `this`: it has private fields. */
function valueOf(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === 'function' ? value.bind(target) : value;
}

function exceptionIn(data: unknown): object | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const frame = JSON.parse(data) as { event?: unknown; data?: unknown } | null;
    const isException = frame?.event === 'exception' && typeof frame.data === 'object' && frame.data !== null;
    return isException ? (frame.data as object) : undefined;
  } catch {
    return undefined;
  }
}
