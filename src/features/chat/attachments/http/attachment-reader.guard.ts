import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { forbidden } from '../../../../realtime/index.js';
import { AccessTokenGuard } from '../../../auth/index.js';
import { AttachmentsService } from '../attachments.service.js';

/** A request for one attachment, after the guard. */
export interface ReaderRequest extends IncomingMessage {
  readonly params: { readonly id: string };
  readerId?: string;
  /** The address itself is the credential. */
  isSigned?: boolean;
}

/** Finds out who asks for an attachment: the bearer of an access token, or else the user of a signed address. */
@Injectable()
export class AttachmentReaderGuard implements CanActivate {
  constructor(
    private readonly accessTokens: AccessTokenGuard,
    private readonly attachments: AttachmentsService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context
      .switchToHttp()
      .getRequest<ReaderRequest & { readonly principal?: { readonly userId: string } }>();
    const query = queryOf(request);
    if (request.headers.authorization === undefined && query.has('signature')) {
      const userId = this.attachments.userOf(request.params.id, query);
      if (userId === undefined) throw forbidden('the address is not valid, or not any more');
      request.readerId = userId;
      request.isSigned = true;
      return true;
    }
    await this.accessTokens.canActivate(context);
    if (request.principal) request.readerId = request.principal.userId;
    return request.readerId !== undefined;
  }
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  return new URLSearchParams(url.split('?')[1] ?? '');
}
