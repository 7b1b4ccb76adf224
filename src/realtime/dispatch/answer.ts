import type { ReportedError } from '../errors/error-reporter.js';
import type { FrameId } from '../frames/inbound-frame.js';
import { encodeText } from '../frames/wire.js';

/** Frames a reply; without `id` it is a push of the same form. */
export function encodeReply(event: string, id: FrameId | undefined, data: unknown): Buffer {
  const told = id === undefined ? '' : `,"id":${JSON.stringify(id)}`;
  return encodeText(`{"event":${JSON.stringify(event)}${told},"data":${JSON.stringify(data) ?? 'null'}}`);
}

/** Frames a failure. `event` is the request's, left out when the service knows no such event. */
export function encodeFailure(error: ReportedError, id: FrameId | undefined, event?: string): Buffer {
  const { status: _httpStatus, extra, ...told } = error;
  const data = { ...extra, status: 'error', ...told, event };
  return encodeText(JSON.stringify({ event: 'exception', id, data }));
}
