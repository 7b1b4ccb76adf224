/** What a process of load is told at its start. */
export interface LoadPlan {
  readonly name: string;
  readonly seed: number;
  /** Addresses of the nodes. */
  readonly urls: readonly string[];
  /** Where the records go. */
  readonly file: string;
  /** One connection each; a user may have several. */
  readonly clients: readonly PlannedClient[];
  readonly rooms: readonly PlannedRoom[];
  readonly sendsPerSecond: number;
}

export interface PlannedClient {
  readonly name: string;
  readonly userId: string;
  readonly token: string;
  /** Watches the presence of everybody in the plan. */
  readonly isObserver: boolean;
}

export interface PlannedRoom {
  readonly id: string;
  /** `quiet`: nothing happens there but what `whisper` says. */
  readonly kind: 'group' | 'channel' | 'quiet';
  readonly ownerId: string;
  readonly userIds: readonly string[];
}

/** What the process is told later on. `vanish`: every fifth user's clients don't come back when they lose their connection. */
export type LoadOrder = 'whisper' | 'vanish' | 'rest' | 'end';

/** What it tells, four times a second. */
export interface LoadProgress {
  /** Acknowledged since the last report. */
  readonly acknowledged: number;
  /** Answers that are waited for, sends that will be repeated included. */
  readonly open: number;
  readonly connected: number;
}
