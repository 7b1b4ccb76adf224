import type { AttachmentsTable } from '../../../records/index.js';

/** The attachments that a batch of changes knows, and those that its messages have named. */
export class NamedAttachments {
  readonly #known = new Map<string, AttachmentsTable>();
  #named: AttachmentsTable[] = [];

  know(row: AttachmentsTable): void {
    this.#known.set(row.id, row);
  }

  get(id: string): AttachmentsTable | undefined {
    return this.#known.get(id);
  }

  name(attachment: AttachmentsTable, messageSeq: number): void {
    attachment.message_seq = messageSeq;
    this.#named.push(attachment);
  }

  /** Those to be written; afterwards there are none. */
  takeNamed(): readonly AttachmentsTable[] {
    const named = this.#named;
    this.#named = [];
    return named;
  }
}
