/** Members of a room who speak at a time. */
const MAX_SPEAKERS = 10;

/** Sends when the one before has been delivered to its sender: what the server does when it is never idle. */
export class ClosedLoop {
  #bytes;
  #isOn = true;

  /** In each room a few members speak, and have `inFlight` messages on their way together. */
  constructor(rooms, { inFlight, bytes }) {
    this.#bytes = bytes;
    for (const members of rooms) {
      for (const member of members) member.onOwn = this.#sendAgain;
      const speakers = Math.min(members.length, MAX_SPEAKERS);
      for (let sent = 0; sent < inFlight; sent += 1) this.#send(members[sent % speakers]);
    }
  }

  stop() {
    this.#isOn = false;
  }

  #sendAgain = (member) => {
    if (this.#isOn) this.#send(member);
  };

  #send(member) {
    member.send(performance.now(), this.#bytes);
  }
}

/** Spinning keeps the schedule to a fraction of a millisecond; it begins this long before a message is due. */
const SPIN_MS = 1.5;

/**
 * Sends at a rate, whatever comes back. Each message has the time at which it was due, not that at which it was sent: a
 * server that holds up the load is not flattered by it.
 */
export class OpenLoop {
  #rooms;
  #terms;
  #startMs = performance.now();
  #sent = 0;
  #timer;
  #spin;
  /** The latest that a message was sent after it was due. */
  latestMs = 0;

  constructor(rooms, { messagesPerS, bytes }) {
    this.#rooms = rooms;
    this.#terms = { bytes, everyMs: 1000 / messagesPerS };
    for (const members of rooms) for (const member of members) member.onOwn = undefined;
    this.#proceed();
  }

  stop() {
    clearTimeout(this.#timer);
    clearImmediate(this.#spin);
  }

  #proceed = () => {
    let dueAt = this.#dueAt();
    for (let now = performance.now(); dueAt <= now; dueAt = this.#dueAt()) {
      this.latestMs = Math.max(this.latestMs, now - dueAt);
      this.#sendOne(dueAt);
      now = performance.now();
    }
    const waitMs = dueAt - performance.now();
    if (waitMs > SPIN_MS) this.#timer = setTimeout(this.#proceed, waitMs - SPIN_MS);
    else this.#spin = setImmediate(this.#proceed);
  };

  #dueAt() {
    return this.#startMs + this.#sent * this.#terms.everyMs;
  }

  #sendOne(dueAt) {
    const members = this.#rooms[this.#sent % this.#rooms.length];
    const turn = Math.floor(this.#sent / this.#rooms.length);
    members[turn % members.length].send(dueAt, this.#terms.bytes);
    this.#sent += 1;
  }
}
