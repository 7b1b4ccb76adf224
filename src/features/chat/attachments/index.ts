import type { Provider } from '@nestjs/common';
import { AccessTokenGuard } from '../../auth/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { AddressSigner } from './address-signer.js';
import { AttachmentSweeper } from './attachment-sweeper.js';
import { AttachmentsService } from './attachments.service.js';
import { BlobStore } from './blobs/blob-store.js';
import { openBlobStore } from './blobs/open-blob-store.js';
import { AttachmentReaderGuard } from './http/attachment-reader.guard.js';
import { UploadLedger } from './upload-ledger.js';
import { UploadsService } from './uploads.service.js';

export { AttachmentsController } from './http/attachments.controller.js';
export { store as attachmentsStore } from './attachments.store.js';

/** What chat's module provides for attachments. */
export const attachmentProviders: Provider[] = [
  {
    provide: BlobStore,
    inject: [CHAT_SETTINGS],
    useFactory: ({ attachments }: ChatSettings) => openBlobStore(attachments),
  },
  AddressSigner,
  UploadLedger,
  UploadsService,
  AttachmentsService,
  AttachmentSweeper,
  AccessTokenGuard,
  AttachmentReaderGuard,
];
