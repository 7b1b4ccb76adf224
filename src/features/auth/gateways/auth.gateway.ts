import { UseGuards } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { AuthorizesUpgrades, Caller, CurrentConnection, RealtimeGateway } from '../../../realtime/index.js';
import type { Connection, UserActor } from '../../../realtime/index.js';
import { ConnectionSessions } from '../sessions/connection-sessions.js';
import { CredentialsGuard } from '../upgrade/credentials.guard.js';
import { SuspensionGuard } from '../upgrade/suspension.guard.js';
import { RefreshFrame, SessionFrame } from './frames.js';

@RealtimeGateway('auth')
export class AuthGateway {
  constructor(private readonly sessions: ConnectionSessions) {}

  @AuthorizesUpgrades('every-path')
  @UseGuards(CredentialsGuard, SuspensionGuard)
  authorizeUpgrade(): void {
    // The guards decide.
  }

  @SubscribeMessage('auth.whoami')
  async whoami(@CurrentConnection() connection: Connection) {
    return await this.sessions.describe(connection);
  }

  @SubscribeMessage('auth.refresh')
  async refresh(@CurrentConnection() connection: Connection, @MessageBody() { accessToken }: RefreshFrame) {
    return { tokenExpiresAt: await this.sessions.prolong(connection, accessToken) };
  }

  @SubscribeMessage('auth.sessions')
  async list(@Caller() actor: UserActor) {
    return { sessions: await this.sessions.list(actor) };
  }

  @SubscribeMessage('auth.revoke')
  async revoke(@CurrentConnection() connection: Connection, @MessageBody() { sessionId }: SessionFrame) {
    await this.sessions.revoke(connection, sessionId);
    return {};
  }

  @SubscribeMessage('auth.logout')
  async logOut(@CurrentConnection() connection: Connection) {
    await this.sessions.logOut(connection);
    return {};
  }
}
