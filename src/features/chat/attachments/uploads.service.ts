import { Inject, Injectable } from '@nestjs/common';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { BlobStore } from './blobs/blob-store.js';
import { Upload } from './upload.js';
import { UploadLedger } from './upload-ledger.js';

/** Takes files from members. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly ledger: UploadLedger,
    private readonly blobs: BlobStore,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
  ) {}

  /** Largest file, in bytes. */
  get maxBytes(): number {
    return this.settings.attachments.maxBytes;
  }

  /** A file of the user's that is about to arrive. */
  begin(userId: string): Upload {
    const { ledger, blobs, maxBytes } = this;
    return new Upload(userId, { ledger, blobs, maxBytes });
  }
}
