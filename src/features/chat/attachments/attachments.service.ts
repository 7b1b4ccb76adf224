import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Clock, forbidden, notFound, RealtimeError } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import type { AttachmentView } from '../records/index.js';
import { AddressSigner, type SignedAddress } from './address-signer.js';
import { store as attachmentsStore } from './attachments.store.js';
import { BlobStore, type ByteRange } from './blobs/blob-store.js';

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Who may have which attachment. */
@Injectable()
export class AttachmentsService {
  constructor(
    @InjectStore(attachmentsStore) private readonly store: Store<typeof attachmentsStore>,
    private readonly blobs: BlobStore,
    private readonly signer: AddressSigner,
    private readonly clock: Clock,
  ) {}

  /** The attachment, if the user may have it: a member, once a message names it, and before that its uploader. */
  async find(userId: string, id: string): Promise<AttachmentView> {
    const row = ID.test(id) ? await this.store.view({ id, userId, nowMs: this.clock.now() }) : null;
    if (row === 'suspended') throw forbidden('the user is suspended');
    if (row === null) throw notFound('attachment');
    return { id, name: row.name, mimeType: row.mime_type, bytes: row.bytes };
  }

  /** The bytes of an attachment that was found, or a range of them. */
  async open(id: string, range?: ByteRange): Promise<Readable> {
    const content = await this.blobs.open(id, range).catch((cause: unknown) => {
      throw new RealtimeError('UNAVAILABLE', 'the file cannot be read just now', { cause });
    });
    if (!content) throw notFound('attachment');
    return content;
  }

  async sign(userId: string, id: string): Promise<SignedAddress> {
    const attachment = await this.find(userId, id);
    return this.signer.sign(attachment.id, userId);
  }

  /** Whom a signed address stands for. */
  userOf(id: string, query: URLSearchParams): string | undefined {
    return this.signer.userOf(id, query);
  }
}
