import { newId, RealtimeError } from '../../../realtime/index.js';
import type { AttachmentView } from '../records/index.js';
import { attachmentName } from './attachment-name.js';
import type { BlobStore } from './blobs/blob-store.js';
import { contentType, HEAD_BYTES } from './content-type.js';
import type { QuotaShare, UploadLedger } from './upload-ledger.js';

/** The part of a form that holds the file. */
export interface FilePart {
  readonly roomId: string;
  /** As the client calls it. */
  readonly filename: string;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface UploadTools {
  readonly ledger: UploadLedger;
  readonly blobs: BlobStore;
  /** Largest file. */
  readonly maxBytes: number;
}

/** One file on its way: `take` its bytes, then `keep` or `discard` them. */
export class Upload {
  readonly #id = newId();
  readonly #head: Uint8Array[] = [];
  #headBytes = 0;
  #bytes = 0;
  #name = '';
  #hasBegun = false;
  #share: QuotaShare | undefined;

  constructor(
    private readonly userId: string,
    private readonly tools: UploadTools,
  ) {}

  /** Stores the bytes as they come, no faster than they can be stored. */
  async take({ roomId, filename, content }: FilePart): Promise<void> {
    const { ledger, blobs } = this.tools;
    await ledger.begin(this.#id, roomId, this.userId);
    this.#hasBegun = true;
    this.#name = attachmentName(filename);
    this.#share = await ledger.share(this.userId);
    try {
      await blobs.put(this.#id, this.counted(content));
    } catch (error) {
      if (error instanceof RealtimeError) throw error;
      throw new RealtimeError('UNAVAILABLE', 'the file could not be stored: send it again', { cause: error });
    }
  }

  /** Makes an attachment of what was taken. */
  async keep(): Promise<AttachmentView> {
    const mimeType = await contentType(Buffer.concat(this.#head));
    const file = { id: this.#id, name: this.#name, mimeType, bytes: this.#bytes };
    await this.tools.ledger.keep(this.userId, file);
    this.#share?.end();
    return file;
  }

  /** Removes what was taken. It never fails: what cannot be removed now has a row by which the sweep finds it. */
  async discard(): Promise<void> {
    this.#share?.end();
    if (this.#hasBegun) await this.remove().catch(() => undefined);
  }

  private async remove(): Promise<void> {
    await this.tools.blobs.delete([this.#id]);
    await this.tools.ledger.forget(this.#id);
  }

  private async *counted(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      this.#bytes += chunk.length;
      if (this.#bytes > this.tools.maxBytes) throw tooLarge();
      this.#share?.take(chunk.length);
      this.keepHead(chunk);
      yield chunk;
    }
  }

  private keepHead(chunk: Uint8Array): void {
    if (this.#headBytes >= HEAD_BYTES) return;
    // A copy: the chunk may be a view of a buffer that is used again.
    const head = Uint8Array.from(chunk.subarray(0, HEAD_BYTES - this.#headBytes));
    this.#head.push(head);
    this.#headBytes += head.length;
  }
}

export function tooLarge(): RealtimeError {
  return new RealtimeError('TOO_LARGE', 'the file is too large');
}
