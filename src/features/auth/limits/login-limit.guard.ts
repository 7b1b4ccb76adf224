import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { foldUsername, isUsername } from '../accounts/names.js';
import type { AuthenticatedRequest } from '../http/authenticated-request.js';
import { LoginLimits } from './login-limits.js';

interface PasswordRequest extends AuthenticatedRequest {
  /** Not validated yet. */
  readonly body?: { readonly username?: unknown };
}

/** Bounds how often a password may be tried: by the address, and by the name or, of a known caller, the user. */
@Injectable()
export class LoginLimitGuard implements CanActivate {
  constructor(private readonly limits: LoginLimits) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<PasswordRequest>();
    this.limits.takeLogin(request, request.principal?.userId ?? nameIn(request));
    return true;
  }
}

function nameIn({ body }: PasswordRequest): string | undefined {
  const name = body?.username;
  return typeof name === 'string' && isUsername(name) ? foldUsername(name) : undefined;
}
