/** Times (`*_at`) are milliseconds since 1970 in UTC. */
export interface UsersTable {
  id: string;
  /** Case-folded and unique; `null` once the user is deleted. */
  username: string | null;
  display_name: string;
  /** The display name as prefixes of it are searched for. */
  folded_name: string;
  /** An argon2id hash in PHC form; `null` if this user has no password here. */
  password_hash: string | null;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  suspended_at: number | null;
  /** When the user was last suspended or deleted, by the database's clock. */
  ended_at: number | null;
  /** When what others see of the user last changed, by the database's clock. */
  changed_at: number | null;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  user_agent: string;
  created_at: number;
  last_seen_at: number;
  /** The end of its refresh token. */
  expires_at: number;
  revoked_at: number | null;
  /** Of the last pair of tokens given out: 1, 2, 3 … */
  generation: number;
  /** The generation whose refresh token was spent for that pair; 0 while no refresh has happened. */
  parent_generation: number;
  parent_spent_at: number | null;
  /** 1 once an access token that was given for the parent has been used. */
  is_answer_used: number;
  /** Of a session at a foreign issuer: when the newest of its tokens was issued. `null`: it is our own. */
  issued_at: number | null;
  /** Of one that was taken up again after a logout: tokens up to this moment are of the login before. */
  issued_after: number | null;
  /** When it was last revoked, by the database's clock. */
  ended_at: number | null;
}

/** Users whom another provider vouches for, by its name for them. */
export interface ForeignIdentitiesTable {
  issuer: string;
  subject: string;
  user_id: string;
  /** The display name that the provider last gave, and of when its token was. */
  claimed_name: string | null;
  claimed_at: number;
  created_at: number;
}

export interface RefreshTokensTable {
  /** SHA-256 of the token; the token itself is nowhere. */
  digest: string;
  session_id: string;
  generation: number;
  expires_at: number;
}

export interface SigningKeysTable {
  /** The first signs. */
  position: number;
  kid: string;
  private_jwk: string;
  created_at: number;
}

/** Lookups by pair, and a user's own list in the order of the blocked. */
export interface UserBlocksTable {
  blocker_id: string;
  blocked_id: string;
  created_at: number;
}

export interface AuthTables {
  users: UsersTable;
  sessions: SessionsTable;
  refresh_tokens: RefreshTokensTable;
  signing_keys: SigningKeysTable;
  user_blocks: UserBlocksTable;
  foreign_identities: ForeignIdentitiesTable;
}
