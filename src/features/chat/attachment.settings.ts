/** Where attachments are kept, and how much of them. */
export interface AttachmentSettings {
  /** Folder of the files, made if absent; with a bucket, of uploads on their way there. */
  readonly folder: string;
  /** Whether an acknowledged upload survives a power cut; else it survives only a crash of the process. */
  readonly isDurable: boolean;
  /** A bucket to keep them in instead, as `bucketOf` reads it; null: files in `folder`. */
  readonly bucketUrl: string | null;
  /** Largest attachment, in bytes. */
  readonly maxBytes: number;
  /** What one user may upload in a day (UTC), in bytes. 0: no limit. */
  readonly maxBytesPerDay: number;
  /** The service's own address, which signed addresses then begin with; null: they begin with the path. */
  readonly publicUrl: string | null;
}
