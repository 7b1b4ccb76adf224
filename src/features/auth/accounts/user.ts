/** A user as every client may see them: the `user` of the wire. */
export interface User {
  readonly id: string;
  /** `null` once the user is deleted. */
  readonly username: string | null;
  /** '' once the user is deleted. */
  readonly displayName: string;
  /** ISO 8601 in UTC. */
  readonly updatedAt: string;
  /** ISO 8601 in UTC; `null` while the user exists. */
  readonly deletedAt: string | null;
}
