/** What a run is judged by. */
export type Check =
  /** What was acknowledged is stored, once, and as it was sent; one `clientId` has one `seq`. */
  | 'stored once'
  /** Nothing is stored that nobody sent, or that was refused. */
  | 'nothing invented'
  /** A connection is given a room's events without a gap, from the head at `ready` or from the own joining on, up to the own leaving. */
  | 'order'
  /** What was acknowledged before another message was begun comes before it. */
  | 'real time'
  /** No push of the moment comes before the event that it was made at, or to one who had left by then. */
  | 'leak'
  /** When all is quiet, every connection of every member is at the head of each of their rooms, and in no other. */
  | 'head'
  /** What a device was pushed and what it read when it came back are together all that it was to have. */
  | 'union'
  /** When nothing is wrong any more, every send is stored or refused. */
  | 'answered'
  /** A node that is asked to end does. */
  | 'end'
  /** When all is quiet, every watcher sees who is there. */
  | 'presence'
  /** Nobody who was there all the time is shown as gone. */
  | 'never gone';

/** A promise that was broken in a run. */
export class Broken extends Error {
  override readonly name = 'Broken';

  constructor(
    readonly check: Check,
    message: string,
  ) {
    super(`${check}: ${message}`);
  }
}
