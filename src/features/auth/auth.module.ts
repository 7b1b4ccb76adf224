import { ConfigurableModuleBuilder, Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Clock, SharedRedis } from '../../realtime/index.js';
import { StorageModule } from '../../storage/index.js';
import { AccountsService } from './accounts/accounts.service.js';
import { store as accountsStore } from './accounts/accounts.store.js';
import { PasswordHasher } from './accounts/password-hasher.js';
import { PasswordsService } from './accounts/passwords.service.js';
import { StoredUsers } from './accounts/stored-users.js';
import { SuspensionsService } from './accounts/suspensions.service.js';
import { Users } from './accounts/users.js';
import { AUTH_MIGRATIONS } from './auth.migrations.js';
import { AUTH_SETTINGS, type AuthSettings } from './auth.settings.js';
import { Blocks } from './blocks/blocks.js';
import { BlocksService } from './blocks/blocks.service.js';
import { store as blocksStore } from './blocks/blocks.store.js';
import { StoredBlocks } from './blocks/stored-blocks.js';
import { store as delegatedSessionsStore } from './credentials/delegated-sessions.store.js';
import { OwnCredentials } from './credentials/own-credentials.js';
import { Sessions } from './credentials/sessions.js';
import { StoredSessions } from './credentials/stored-sessions.js';
import { DirectoryService } from './directory/directory.service.js';
import { store as directoryStore } from './directory/directory.store.js';
import { EndingComparison } from './endings/ending-comparison.js';
import { store as endingsStore } from './endings/endings.store.js';
import { ForeignSessions } from './foreign/foreign-sessions.service.js';
import { store as foreignSessionsStore } from './foreign/foreign-sessions.store.js';
import { ForeignTokens } from './foreign/foreign-tokens.js';
import { IssuerKeys } from './foreign/issuer-keys.js';
import { AuthGateway } from './gateways/auth.gateway.js';
import { UserGateway } from './gateways/user.gateway.js';
import { AccountsController } from './http/accounts.controller.js';
import { JwksController } from './http/jwks.controller.js';
import { SessionsController } from './http/sessions.controller.js';
import { TicketsController } from './http/tickets.controller.js';
import { LoginFailures } from './limits/login-failures.js';
import { LoginLimits } from './limits/login-limits.js';
import { ProfilesService } from './profiles/profiles.service.js';
import { store as profilesStore } from './profiles/profiles.store.js';
import { ProfileComparison } from './profiles/profile-comparison.js';
import { UserChanges } from './profiles/user-changes.js';
import { Authenticator } from './sessions/authenticator.js';
import { ConnectionSessions } from './sessions/connection-sessions.js';
import { GrantsService } from './sessions/grants.service.js';
import { Happenings } from './sessions/happenings.js';
import { LastSeen } from './sessions/last-seen.js';
import { SessionClosings } from './sessions/session-closings.js';
import { SessionPurge } from './sessions/session-purge.js';
import { SessionObserver } from './sessions/session.observer.js';
import { SessionsService } from './sessions/sessions.service.js';
import { store as sessionsStore } from './sessions/sessions.store.js';
import { Standings } from './sessions/standings.js';
import { TokenEnds } from './sessions/token-ends/token-ends.js';
import { MemoryTicketStore } from './tickets/ticket-store.memory.js';
import { RedisTicketStore } from './tickets/ticket-store.redis.js';
import { TicketStore } from './tickets/ticket-store.js';
import { TicketsService } from './tickets/tickets.service.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { KeyRing } from './keys/key-ring.js';
import { DatabaseKeyStore } from './keys/key-store.database.js';
import { FileKeyStore } from './keys/key-store.file.js';
import { KeyStore } from './keys/key-store.js';
import { OwnSessions } from './tokens/own-sessions.service.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { store as refreshTokensStore } from './tokens/refresh-tokens.store.js';
import { store as signingKeysStore } from './keys/signing-keys.store.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AuthSettings>({
  moduleName: 'Auth',
  optionsInjectionToken: AUTH_SETTINGS,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Accounts, sessions, tokens, and the guards that stand before every upgrade. Import it once, with `forRoot` or
 * `forRootAsync`; its exports are then injectable everywhere.
 */
@Module({
  imports: [
    DiscoveryModule,
    StorageModule.forFeature({
      migrations: AUTH_MIGRATIONS,
      stores: [
        accountsStore,
        sessionsStore,
        delegatedSessionsStore,
        refreshTokensStore,
        signingKeysStore,
        directoryStore,
        profilesStore,
        blocksStore,
        foreignSessionsStore,
        endingsStore,
      ],
    }),
  ],
  controllers: [AccountsController, SessionsController, TicketsController, JwksController],
  providers: [
    { provide: Users, useClass: StoredUsers },
    StoredBlocks,
    { provide: Blocks, useExisting: StoredBlocks },
    DatabaseKeyStore,
    {
      provide: KeyStore,
      inject: [AUTH_SETTINGS, DatabaseKeyStore],
      useFactory: ({ signingKeysFile }: AuthSettings, database: DatabaseKeyStore): KeyStore =>
        typeof signingKeysFile === 'string' ? new FileKeyStore(signingKeysFile) : database,
    },
    {
      provide: TicketStore,
      inject: [SharedRedis, Clock],
      useFactory: ({ commands }: SharedRedis, clock: Clock): TicketStore =>
        commands === null ? new MemoryTicketStore(clock) : new RedisTicketStore(commands),
    },
    AccountsService,
    PasswordsService,
    DirectoryService,
    ProfilesService,
    UserChanges,
    ProfileComparison,
    BlocksService,
    SuspensionsService,
    PasswordHasher,
    LoginLimits,
    LoginFailures,
    AccessTokens,
    OwnSessions,
    IssuerKeys,
    ForeignTokens,
    ForeignSessions,
    RefreshTokens,
    KeyRing,
    TicketsService,
    Authenticator,
    OwnCredentials,
    { provide: Sessions, useClass: StoredSessions },
    ConnectionSessions,
    EndingComparison,
    GrantsService,
    Happenings,
    LastSeen,
    SessionClosings,
    SessionObserver,
    SessionPurge,
    SessionsService,
    Standings,
    TokenEnds,
    AuthGateway,
    UserGateway,
  ],
  exports: [Users, UserChanges, Blocks, SuspensionsService, Authenticator, OwnCredentials, Sessions],
})
export class AuthModule extends ConfigurableModuleClass implements OnModuleInit {
  constructor(
    private readonly keys: KeyRing,
    private readonly hasher: PasswordHasher,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    await Promise.all([this.keys.open(), this.hasher.prepare()]);
  }
}
