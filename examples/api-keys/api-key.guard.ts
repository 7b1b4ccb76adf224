import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Authenticates, RealtimeError, type UpgradeRequest } from 'parley';
import { ApiKeysService } from './api-keys.service.js';

/** Knows bots by the header `X-Api-Key`, at upgrades and at every route that asks for a credential. */
@Authenticates()
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(private readonly keys: ApiKeysService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<UpgradeRequest>();
    const key = request.headers['x-api-key'];
    if (key === undefined) return true;
    const principal = typeof key === 'string' ? await this.keys.principalOf(key) : undefined;
    if (!principal) throw new RealtimeError('UNAUTHENTICATED', 'the API key is not valid');
    request.principal = principal;
    return true;
  }
}
