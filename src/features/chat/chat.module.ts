import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { StorageModule } from '../../storage/index.js';
import { administrationProviders, discoveryStore } from './administration/index.js';
import { attachmentProviders, AttachmentsController, attachmentsStore } from './attachments/index.js';
import { CHAT_SETTINGS, type ChatSettings } from './chat.settings.js';
import { consumerProviders, consumersStore } from './consumers/index.js';
import { LargeRooms } from './large-rooms/index.js';
import { lifecycleProviders, pinsStore } from './lifecycle/index.js';
import {
  appendStore,
  LogReader,
  logProviders,
  logStore,
  mutesStore,
  newsStore,
  RoomLog,
  streamsStore,
} from './log/index.js';
import { messageProviders, messagesStore } from './messages/index.js';
import { metricsProviders } from './metrics/index.js';
import { profileProviders } from './profiles/index.js';
import { readingProviders, readsStore, receiptsStore } from './reading/index.js';
import { chatMigrations } from './records/index.js';
import { retentionProviders, retentionStore } from './retention/index.js';
import { RoomAccess, roomProviders, RoomPushes, roomsStore } from './rooms/index.js';
import { searchProviders, searchStore } from './search/index.js';
import { MembershipChanges, streamProviders } from './stream/index.js';
import { streamingProviders } from './streaming/index.js';
import { syncProviders, syncStore } from './sync/index.js';
import { typingProviders, typingStore } from './typing/index.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<ChatSettings>({
  moduleName: 'Chat',
  optionsInjectionToken: CHAT_SETTINGS,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Rooms, their logs, and the messages in them. Import it once, with `forRoot` or `forRootAsync`; its exports are then
 * injectable everywhere.
 */
@Module({
  imports: [
    DiscoveryModule,
    StorageModule.forFeature({
      migrations: chatMigrations,
      stores: [
        attachmentsStore,
        appendStore,
        consumersStore,
        logStore,
        mutesStore,
        newsStore,
        roomsStore,
        discoveryStore,
        messagesStore,
        pinsStore,
        searchStore,
        readsStore,
        retentionStore,
        receiptsStore,
        streamsStore,
        typingStore,
        syncStore,
      ],
    }),
  ],
  controllers: [AttachmentsController],
  providers: [
    ...attachmentProviders,
    LargeRooms,
    ...logProviders,
    ...consumerProviders,
    ...roomProviders,
    ...administrationProviders,
    ...messageProviders,
    ...lifecycleProviders,
    ...searchProviders,
    ...retentionProviders,
    ...readingProviders,
    ...typingProviders,
    ...streamingProviders,
    ...streamProviders,
    ...profileProviders,
    ...syncProviders,
    ...metricsProviders,
  ],
  exports: [LargeRooms, RoomLog, LogReader, RoomAccess, RoomPushes, MembershipChanges],
})
export class ChatModule extends ConfigurableModuleClass {}
