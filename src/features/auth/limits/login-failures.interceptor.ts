import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import { ClientAddress, RealtimeError } from '../../../realtime/index.js';
import { accountIn, type PasswordRequest } from './account-in.js';
import { LoginFailures } from './login-failures.js';
import { LoginLimits } from './login-limits.js';

/**
 * Judges calls that try a password by what became of the ones before (`LoginFailures`), and by how often the account is tried
 * from everywhere. What is delayed takes nothing from the account's bucket, which is the owner's too.
 */
@Injectable()
export class LoginFailuresInterceptor implements NestInterceptor {
  constructor(
    private readonly failures: LoginFailures,
    private readonly limits: LoginLimits,
    private readonly addresses: ClientAddress,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<PasswordRequest>();
    const account = accountIn(request);
    // What could be nobody's name has no owner to be kept from harm.
    if (account === undefined) return next.handle();
    const isWrong = request.principal ? isCode('FORBIDDEN') : isCode('UNAUTHENTICATED');
    const guess = async (): Promise<unknown> => {
      this.limits.takeAccount(account);
      return await lastValueFrom(next.handle());
    };
    const attempt = { account, address: this.addresses.of(request) };
    return defer(async () => this.failures.judge(attempt, guess, isWrong));
  }
}

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RealtimeError && error.code === code;
}
