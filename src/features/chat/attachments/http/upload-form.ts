import type { IncomingMessage } from 'node:http';
import { finished, type Readable } from 'node:stream';
import busboy from 'busboy';
import { invalid, RealtimeError } from '../../../../realtime/index.js';
import { isText } from '../../frames/index.js';
import type { FilePart } from '../upload.js';

/** Takes the file of a form, and then keeps or discards it. */
export interface FormSink<Result> {
  take(part: FilePart): Promise<void>;
  /** The form has ended as it should. */
  keep(): Promise<Result>;
  /** The form, or `take`, has failed. */
  discard(): Promise<void>;
}

const ROOM_ID = { min: 1, max: 64 };
/** In code units of UTF-8, above which a room's id is none. */
const LONGEST_FIELD = 256;
/** Parts that are neither a field nor a file count for nothing but their number. */
const MOST_PARTS = 8;

/**
 * Reads a multipart form of `roomId` and then `file`, and nothing else; the file reaches the sink while it arrives, no
 * faster than the sink takes it. Whatever goes wrong, the sink has discarded all when the promise rejects, and the
 * request is still there to be answered.
 */
export async function readUploadForm<Result>(
  request: IncomingMessage,
  sink: FormSink<Result>,
): Promise<Result> {
  try {
    await new UploadForm(request, sink).read();
    return await sink.keep();
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

class UploadForm {
  readonly #parser: busboy.Busboy;
  #roomId: string | undefined;
  #taking: Promise<void> | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly sink: FormSink<unknown>,
  ) {
    this.#parser = parserFor(request);
  }

  /** Resolves when the form and its file are whole; the file is not being taken any more when it settles. */
  async read(): Promise<void> {
    try {
      await this.parsed();
    } finally {
      this.request.unpipe(this.#parser);
      await this.#taking?.catch(() => undefined);
    }
    if (!this.#taking) throw invalid('file', 'must be there');
    await this.#taking;
  }

  private async parsed(): Promise<void> {
    const parser = this.#parser;
    await new Promise<void>((resolve, reject) => {
      parser.once('finish', resolve);
      parser.on('error', reject);
      parser.on('field', (name, value) => this.takeField(name, value));
      parser.on('file', (name, content, { filename }) => this.takeFile(name, content, filename));
      for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
        parser.on(limit, () => this.refuse(invalid('', 'must have one roomId and one file')));
      }
      finished(this.request, { writable: false }, (error) => error && this.refuse(error));
      this.request.pipe(parser);
    }).catch((error: unknown) => {
      throw error instanceof RealtimeError ? error : invalid('', 'must be a whole multipart form');
    });
  }

  private takeField(name: string, value: string): void {
    if (name === 'file') this.refuse(invalid('file', 'must be a file with a name'));
    else if (name !== 'roomId') this.refuse(invalid('', 'must have no fields but roomId and file'));
    else if (this.#roomId !== undefined) this.refuse(invalid('roomId', 'must be there once'));
    else if (!isText(value, ROOM_ID)) this.refuse(invalid('roomId', 'must be the id of a room'));
    else this.#roomId = value;
  }

  private takeFile(name: string, content: Readable, filename: string | undefined): void {
    // It is destroyed with the parser, whoever reads it.
    content.on('error', () => undefined);
    if (name !== 'file') return this.refuse(invalid('', 'must have no fields but roomId and file'));
    if (this.#roomId === undefined) return this.refuse(invalid('roomId', 'must precede the file'));
    this.#taking = this.sink.take({ roomId: this.#roomId, filename: filename ?? '', content });
    this.#taking.catch((error: Error) => this.refuse(error));
  }

  private refuse(error: Error): void {
    this.#parser.destroy(error);
  }
}

function parserFor({ headers }: IncomingMessage): busboy.Busboy {
  if (!/^multipart\/form-data\b/i.test(headers['content-type'] ?? '')) {
    throw invalid('', 'must be a multipart form');
  }
  try {
    return busboy({
      headers,
      defParamCharset: 'utf8',
      limits: {
        fields: 2,
        files: 1,
        parts: MOST_PARTS,
        fieldSize: LONGEST_FIELD,
        fieldNameSize: LONGEST_FIELD,
      },
    });
  } catch {
    throw invalid('', 'must be a multipart form');
  }
}
