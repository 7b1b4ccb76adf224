import type { Cancel } from '../clock/clock.js';
import { ConnectionDirectory, type ExcessListener } from './connection-directory.js';

/** The directory of a node that is alone. */
export class MemoryConnectionDirectory extends ConnectionDirectory {
  readonly nodeId = 'alone';
  private readonly users = new Map<string, Set<string>>();
  private readonly listeners = new Set<ExcessListener>();

  constructor(private readonly cap: number) {
    super();
  }

  enter(userId: string, connectionId: string): void {
    const own = this.users.get(userId) ?? new Set();
    this.users.set(userId, own);
    own.add(connectionId);
    if (own.size <= this.cap) return;
    const excess = [...own].slice(0, own.size - this.cap);
    for (const oldest of excess) {
      for (const listener of this.listeners) listener({ nodeId: this.nodeId, connectionId: oldest });
    }
  }

  leave(userId: string, connectionId: string): void {
    const own = this.users.get(userId);
    own?.delete(connectionId);
    if (own?.size === 0) this.users.delete(userId);
  }

  onExcess(listener: ExcessListener): Cancel {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
