/**
 * What a handler returns when it appends to a log: the connection's next frame may start at `admitted`, while the
 * reply waits for the commit. Declare such a handler `@Ordered('room')`.
 *
 * `admitted` must settle (its outcome does not matter) no later than `reply`.
 *
 * @example
 * ```ts
 * const { admitted, committed } = this.log.append(…);
 * return new Appending(admitted, committed.then(({ event }) => ({ seq: event.seq })));
 * ```
 */
export class Appending<Reply extends object = object> {
  constructor(
    readonly admitted: Promise<unknown>,
    readonly reply: Promise<Reply>,
  ) {}
}
