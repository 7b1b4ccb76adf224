/** Why a port could not be had, for people. */
const FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another process',
  EACCES: 'is not open to this user',
  EADDRNOTAVAIL: 'is on an address that this machine does not have',
  ENOTFOUND: 'is on a host that is not known',
};

/** Where something was to listen. */
export interface ListenPlace {
  readonly port: number;
  readonly host: string;
  /** What helps, as the end of the line: "set PORT or HOST to another". */
  readonly mend: string;
}

/** One line for people about why it could not listen there; `undefined` for an error that is about something else. */
export function listenFault(error: unknown, { port, host, mend }: ListenPlace): Error | undefined {
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
  const fault = FAULTS[code];
  return fault === undefined
    ? undefined
    : new Error(`port ${port} of ${host} ${fault}: ${mend}`, { cause: error });
}
