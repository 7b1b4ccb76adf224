import { foldUsername, isUsername } from '../accounts/names.js';
import type { AuthenticatedRequest } from '../http/authenticated-request.js';

export interface PasswordRequest extends AuthenticatedRequest {
  /** Not validated yet. */
  readonly body?: { readonly username?: unknown };
}

/** Whose password a request tries: the known caller's id, else the name, if it could be one. */
export function accountIn({ principal, body }: PasswordRequest): string | undefined {
  if (principal) return principal.userId;
  const name = body?.username;
  return typeof name === 'string' && isUsername(name) ? foldUsername(name) : undefined;
}
