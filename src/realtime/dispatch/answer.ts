import type { ReportedError } from '../errors/error-reporter.js';
import type { FrameId } from '../frames/inbound-frame.js';

/** A reply as JSON; without `id` it is a push of the same form. */
export function replyOf(event: string, id: FrameId | undefined, data: unknown): string {
  const told = id === undefined ? '' : `,"id":${JSON.stringify(id)}`;
  return `{"event":${JSON.stringify(event)}${told},"data":${JSON.stringify(data) ?? 'null'}}`;
}

/** A failure as JSON. `event` is the request's, left out when the service knows no such event. */
export function failureOf(error: ReportedError, id: FrameId | undefined, event?: string): string {
  const { status: _httpStatus, extra, ...told } = error;
  const data = { ...extra, status: 'error', ...told, event };
  return JSON.stringify({ event: 'exception', id, data });
}
