import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { StorageModule } from '../../storage/index.js';
import { administrationProviders, discoveryStore } from './administration/index.js';
import { attachmentProviders, AttachmentsController, attachmentsStore } from './attachments/index.js';
import { CHAT_SETTINGS, type ChatSettings } from './chat.settings.js';
import { lifecycleProviders, pinsStore } from './lifecycle/index.js';
import { consumerProviders, consumersStore } from './consumers/index.js';
import { LargeRooms } from './large-rooms/index.js';
import { appendStore, LogReader, logProviders, logStore, mutesStore, RoomLog } from './log/index.js';
import { messageProviders, messagesStore } from './messages/index.js';
import { profileProviders } from './profiles/index.js';
import { readingProviders, readsStore, receiptsStore } from './reading/index.js';
import { chatMigrations } from './records/index.js';
import { RoomAccess, roomProviders, RoomPushes, roomsStore } from './rooms/index.js';
import { searchProviders, searchStore } from './search/index.js';
import { MembershipChanges, streamProviders } from './stream/index.js';
import { retentionProviders, retentionStore } from './retention/index.js';
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
    StorageModule.forFeature({
      migrations: chatMigrations,
      stores: [
        attachmentsStore,
        appendStore,
        logStore,
        mutesStore,
        roomsStore,
        discoveryStore,
        messagesStore,
        pinsStore,
        searchStore,
        readsStore,
        receiptsStore,
        typingStore,
        syncStore,
      ],
    }),
  ],
        retentionStore,
  controllers: [AttachmentsController],
  providers: [
    ...attachmentProviders,
    ...logProviders,
    ...roomProviders,
    ...administrationProviders,
    ...messageProviders,
    ...lifecycleProviders,
    LargeRooms,
    ...searchProviders,
    ...readingProviders,
    ...typingProviders,
    ...streamProviders,
    ...profileProviders,
    ...syncProviders,
  ],
  exports: [LargeRooms, RoomLog, LogReader, RoomAccess, RoomPushes, MembershipChanges],
})
export class ChatModule extends ConfigurableModuleClass {}
    ...retentionProviders,
