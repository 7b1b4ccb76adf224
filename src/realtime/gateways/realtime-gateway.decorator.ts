import { applyDecorators, SetMetadata, UsePipes } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { FrameValidationPipe } from './frame-validation.pipe.js';

/** The path of the service's own gateways. */
export const GATEWAY_PATH = '/ws';

export const EVENT_PREFIX_METADATA = 'parley:event-prefix';

/**
 * A gateway of the house: it joins `/ws`, every event that it handles is named `<prefix>.<verb>`, and the body of
 * each handler is validated as its declared class says, unknown properties refused.
 *
 * A handler has at most one `@MessageBody()`, of a class with class-validator rules; a handler without one takes only
 * an empty `data`. It returns the reply's `data` (an object), or an `Appending`.
 *
 * @example
 * ```ts
 * @RealtimeGateway('polls')
 * export class PollsGateway {
 *   @SubscribeMessage('polls.get')
 *   get(@Caller() actor: UserActor, @MessageBody() body: PollRef) {
 *     return this.polls.get(actor, body);
 *   }
 * }
 * ```
 */
export function RealtimeGateway(prefix: string): ClassDecorator {
  return applyDecorators(
    WebSocketGateway({ path: GATEWAY_PATH }),
    SetMetadata(EVENT_PREFIX_METADATA, prefix),
    UsePipes(FrameValidationPipe),
  );
}
