import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../../realtime/index.js';
import { tooLarge } from '../upload.js';
import { type FormSink, readUploadForm } from './upload-form.js';

/** No byte in this time: the client is gone. It also exempts the request from the server's limit for small bodies. */
const IDLE_TIMEOUT_MS = 15_000;

/** However slowly its bytes come, an upload is over by then. */
const LONGEST_UPLOAD_MS = 3_600_000;

/** What a form is larger than its file: boundaries, headers of parts, the room's id. */
const FORM_OVERHEAD_BYTES = 65_536;

/** A client that is refused may still be sending; for this long it is read from, so that it gets to read the answer. */
const LINGER_MS = 5000;

export interface UploadReception<Result> {
  readonly request: IncomingMessage;
  readonly upload: FormSink<Result>;
  /** Largest file. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/** Receives a form with a file over a request. When it rejects, the rest of the request is thrown away. */
export async function receiveUpload<Result>(reception: UploadReception<Result>): Promise<Result> {
  const { request, upload, maxBytes, clock } = reception;
  request.setTimeout(IDLE_TIMEOUT_MS);
  const cancel = clock.after(LONGEST_UPLOAD_MS, () => request.destroy());
  try {
    if (announcedBytes(request) > maxBytes + FORM_OVERHEAD_BYTES) throw tooLarge();
    return await readUploadForm(request, upload);
  } catch (error) {
    linger(request, clock);
    throw error;
  } finally {
    cancel();
  }
}

function announcedBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** To end the socket at once would reset it, and the client might never see why it was refused. */
function linger(request: IncomingMessage, clock: Clock): void {
  if (request.complete) return;
  request.on('error', () => undefined);
  request.resume();
  const cancel = clock.after(LINGER_MS, () => request.destroy());
  request.once('close', cancel);
}
