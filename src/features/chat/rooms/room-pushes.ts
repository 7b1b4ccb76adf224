/** What the bus carries on a room's channel beside events: a push of the moment, never stored. */
export interface RoomStatePush {
  readonly state: {
    readonly event: string;
    readonly data: object;
    /** Only the last push of each key reaches a slow connection. */
    readonly key: string;
    /** The room's head when it was made: a node delivers it only once it has reached that event. */
    readonly head: number;
  };
}

/** Pushes to everyone connected in a room, on every node. */
export abstract class RoomPushes {
  /**
   * Pushes `data` as `event` to the connections of the room's members. Nothing is stored; a connection that is
   * too slow gets the last push of each `key` (default: the event) once it has drained.
   */
  abstract state(roomId: string, event: string, data: object, key?: string): Promise<void>;
}
