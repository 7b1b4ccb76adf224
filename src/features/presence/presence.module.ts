import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { StorageModule } from '../../storage/index.js';
import { LocalPresenceService } from './local/index.js';
import { PresenceChoices } from './presence-choices.js';
import { PresenceGateway } from './presence.gateway.js';
import { presenceProviders } from './presence.providers.js';
import { PresenceService } from './presence.service.js';
import { PRESENCE_SETTINGS, type PresenceSettings } from './presence.settings.js';
import { presenceMigrations, PresenceReader, presenceStore } from './state/index.js';
import { Visibility } from './visibility.js';
import { BlockFollowing, PresenceComparison, PresenceWatching } from './watch/index.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<PresenceSettings>({
  moduleName: 'Presence',
  optionsInjectionToken: PRESENCE_SETTINGS,
})
  .setClassMethodName('forRoot')
  .build();

/** Who is online, over all connections of a user. Import it once, with `forRoot` or `forRootAsync`. */
@Module({
  imports: [StorageModule.forFeature({ migrations: presenceMigrations, stores: [presenceStore] })],
  providers: [
    ...presenceProviders,
    PresenceReader,
    Visibility,
    LocalPresenceService,
    PresenceWatching,
    BlockFollowing,
    PresenceComparison,
    PresenceService,
    PresenceChoices,
    PresenceGateway,
  ],
})
export class PresenceModule extends ConfigurableModuleClass {}
