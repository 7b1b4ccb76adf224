import type { PendingRequest, RequestProgress } from '../dispatch/request-reader.js';
import type { Intake } from './intake.js';

/** Requests of one connection that are waiting or under way; with more, its socket is not read. */
const MAX_WAITING = 64;

/** What an inbox needs of its connection. */
export interface InboxOwner {
  /** Whether too much is unsent for another request to be started. */
  readonly isCongested: boolean;
  write(answer: Buffer): void;
  pauseReading(): void;
  resumeReading(): void;
}

/** A started request. Those of one room are answered in their order. */
class Running implements RequestProgress {
  isAdmitted = false;
  private isSettled = false;
  private isReleased = false;
  private answer: Buffer | undefined;

  constructor(
    private readonly inbox: { onAdmitted(running: Running): void; onSettled(running: Running): void },
    readonly isOrdered: boolean,
    readonly roomId: string | undefined,
    /** The request of the same room that must be answered first. */
    private before: Running | undefined,
  ) {}

  admit(): void {
    if (this.isAdmitted) return;
    this.isAdmitted = true;
    this.inbox.onAdmitted(this);
  }

  /** Whether its answer is there, and all those before it in its room have left. */
  get isReleasable(): boolean {
    return this.isSettled && this.before?.isReleased !== false;
  }

  release(): Buffer | undefined {
    this.isReleased = true;
    this.before = undefined;
    return this.answer;
  }

  settle(answer: Buffer | undefined): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.answer = answer;
    this.inbox.onSettled(this);
  }
}

interface Resolvable {
  readonly promise: Promise<void>;
  resolve(): void;
}

/** As `Promise.withResolvers`, which Node has from version 22 on. */
function withResolvers(): Resolvable {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}

/**
 * The requests of one connection: started in the order in which they came, each when what it declares allows it (see
 * `Ordered`), and a bounded number at a time.
 */
export class Inbox {
  private head: PendingRequest | undefined;
  private isOpen = false;
  private isPumping = false;
  private isPaused = false;
  /** Started, ordered and not answered. */
  private unsettled = 0;
  /** Of those, the ones that nothing may overtake yet. */
  private unadmitted = 0;
  private running: Set<Running> | undefined;
  private idle: Resolvable | undefined;

  constructor(
    private readonly owner: InboxOwner,
    private readonly intake: Intake,
  ) {}

  /** Takes a message; it is started when its turn comes and the inbox is open. */
  push(message: Buffer): void {
    this.intake.push(message);
    this.pump();
    if (this.size >= MAX_WAITING) this.pauseReading();
  }

  /** Lets requests start: the connection is attached. */
  open(): void {
    if (this.idle !== undefined) return;
    this.isOpen = true;
    this.pump();
  }

  /** Starts nothing more, and forgets what waits. Resolves when what was started is answered. */
  shut(): Promise<void> {
    this.isOpen = false;
    this.intake.clear();
    this.head = undefined;
    return this.whenIdle();
  }

  /** Resolves when everything that has come is answered; at once if nothing may start yet. */
  end(): Promise<void> {
    return this.isOpen ? this.whenIdle() : this.shut();
  }

  /** Forgets what waits: the connection is gone. What was started ends by itself. */
  clear(): void {
    this.isOpen = false;
    this.intake.clear();
    this.head = undefined;
    this.idle?.resolve();
  }

  /** Whether the socket is not being read because of us. */
  get isReadingPaused(): boolean {
    return this.isPaused;
  }

  /** Starts as many of the waiting requests as may start now. */
  pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    while (this.isOpen && this.startNext());
    this.isPumping = false;
    if (this.isPaused && this.size < MAX_WAITING / 2) this.resumeReading();
  }

  private whenIdle(): Promise<void> {
    this.idle ??= withResolvers();
    if (this.size === 0) this.idle.resolve();
    return this.idle.promise;
  }

  private get size(): number {
    return this.intake.size + (this.head === undefined ? 0 : 1) + (this.running?.size ?? 0);
  }

  private startNext(): boolean {
    this.head ??= this.intake.next();
    if (this.head === undefined || !this.mayStart(this.head)) return false;
    const request = this.head;
    this.head = undefined;
    this.start(request);
    return true;
  }

  private mayStart(request: PendingRequest): boolean {
    if ((this.running?.size ?? 0) >= MAX_WAITING || this.owner.isCongested) return false;
    if (request.ordering === 'none') return true;
    return request.ordering === 'room' ? this.unadmitted === 0 : this.unsettled === 0;
  }

  private start(request: PendingRequest): void {
    const { ordering, roomId } = request;
    const before = roomId === undefined ? undefined : this.lastOfRoom(roomId);
    const running = new Running(this, ordering !== 'none', roomId, before);
    this.running ??= new Set();
    this.running.add(running);
    if (running.isOrdered) {
      this.unsettled++;
      this.unadmitted++;
    }
    request.start(running);
  }

  private lastOfRoom(roomId: string): Running | undefined {
    let last: Running | undefined;
    for (const running of this.running ?? []) if (running.roomId === roomId) last = running;
    return last;
  }

  onAdmitted(running: Running): void {
    if (!running.isOrdered) return;
    this.unadmitted--;
    this.pump();
  }

  onSettled(running: Running): void {
    if (running.isOrdered) {
      this.unsettled--;
      if (!running.isAdmitted) this.unadmitted--;
    }
    running.isAdmitted = true;
    this.release();
    this.pump();
  }

  /** Sends the answers that are there and whose room has none before them. */
  private release(): void {
    const all = this.running ?? new Set();
    for (const running of all) {
      if (!running.isReleasable) continue;
      all.delete(running);
      const answer = running.release();
      if (answer !== undefined) this.owner.write(answer);
    }
    if (this.size === 0) this.idle?.resolve();
  }

  private pauseReading(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.owner.pauseReading();
  }

  private resumeReading(): void {
    this.isPaused = false;
    this.owner.resumeReading();
  }
}
