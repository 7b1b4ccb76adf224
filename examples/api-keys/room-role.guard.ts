import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { actorOf, invalid, RoomAccess, type RoomRole } from 'parley';

/** What the caller must at least be in the room that the request names. */
export const RequiresRoomRole = Reflector.createDecorator<RoomRole>();

/** Stands before handlers and routes alike: a frame names its room in `data.roomId`, a route in `:roomId`. */
@Injectable()
export class RoomRoleGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: RoomAccess,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const role = this.reflector.get(RequiresRoomRole, context.getHandler());
    await this.access.require(actorOf(context), roomIdIn(context), role);
    return true;
  }
}

/** Guards run before pipes: nothing of the request has been validated yet. */
function roomIdIn(context: ExecutionContext): string {
  const { roomId }: { roomId?: unknown } =
    context.getType() === 'http'
      ? context.switchToHttp().getRequest<{ params: object }>().params
      : (context.switchToWs().getData<object | null>() ?? {});
  if (typeof roomId !== 'string') throw invalid('roomId', 'must be the id of a room');
  return roomId;
}
