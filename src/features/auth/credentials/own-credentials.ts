import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import { forbidden } from '../../../realtime/index.js';
import type { AuthenticatedRequest } from '../http/authenticated-request.js';
import { Authenticator, type Identity } from '../sessions/authenticator.js';
import { Authenticates } from './authenticates.decorator.js';

/** Asks the `@Authenticates()` guards, in the order of their modules. */
@Injectable()
export class OwnCredentials implements OnApplicationBootstrap {
  #guards: readonly CanActivate[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly authenticator: Authenticator,
  ) {}

  onApplicationBootstrap(): void {
    const found = this.discovery.getProviders({ metadataKey: Authenticates.KEY });
    this.#guards = [...new Set(found.map(({ instance }) => instance as CanActivate))];
  }

  /** Whom a guard of the team has found, judged by the session; `undefined` when the request carries no credential of theirs. */
  async identify(context: ExecutionContext): Promise<Identity | undefined> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    for (const guard of this.#guards) {
      if (request.principal) break;
      if (!(await verdictOf(guard, context))) throw forbidden('access denied');
    }
    return request.principal && (await this.authenticator.confirm(request.principal));
  }
}

async function verdictOf(guard: CanActivate, context: ExecutionContext): Promise<boolean> {
  const verdict = await guard.canActivate(context);
  return isObservable(verdict) ? await lastValueFrom(verdict) : verdict;
}
