import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { Clock, newId } from '../../realtime/index.js';
import { StorageModule } from '../../storage/index.js';
import { LeaseTable, PresenceLeases } from './leases/index.js';
import { LocalPresenceService } from './local/index.js';
import { PresenceGateway } from './presence.gateway.js';
import { PresenceService } from './presence.service.js';
import { PRESENCE_SETTINGS, type PresenceSettings } from './presence.settings.js';
import { presenceMigrations, PresenceReader, presenceStore } from './state/index.js';
import { Visibility } from './visibility.js';
import { PresenceWatching } from './watch/index.js';

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
    {
      provide: PresenceLeases,
      inject: [Clock],
      useFactory: (clock: Clock) => new LeaseTable(clock).node(newId()),
    },
    PresenceReader,
    Visibility,
    LocalPresenceService,
    PresenceWatching,
    PresenceService,
    PresenceGateway,
  ],
})
export class PresenceModule extends ConfigurableModuleClass {}
