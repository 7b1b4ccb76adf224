import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { AttachmentView } from '../../records/index.js';
import type { ByteRange } from '../blobs/blob-store.js';
import { type AskedRange, askedRange } from './byte-range.js';

/** A reader that takes nothing for this long is let go. */
const IDLE_TIMEOUT_MS = 60_000;

export interface FileAnswer {
  readonly attachment: AttachmentView;
  /** Seconds for which the client may keep the answer; 0: it may not. */
  readonly keepS: number;
  readonly open: (range?: ByteRange) => Promise<Readable>;
}

/** Answers with a file's bytes, or the range that the request asks for, no faster than the client takes them. */
export async function answerWithFile(
  request: IncomingMessage,
  response: ServerResponse,
  { attachment, keepS, open }: FileAnswer,
): Promise<void> {
  const range = rangeFor(request, attachment);
  if (range === 'outside') {
    const everything = { 'Content-Range': `bytes */${attachment.bytes}`, 'Cache-Control': 'no-store' };
    response.writeHead(416, everything).end();
    return;
  }
  const part = range === 'whole' ? undefined : range;
  const content = request.method === 'HEAD' ? undefined : await open(part);
  response.setTimeout(IDLE_TIMEOUT_MS, () => response.destroy());
  response.writeHead(part ? 206 : 200, { ...headersOf(attachment, keepS), ...extentOf(attachment, part) });
  if (content === undefined) response.end();
  // A client that goes away, or a store that fails under way, can be told nothing any more: the socket ends.
  else await pipeline(content, response).catch(() => response.destroy());
}

/** A range of a file that the client took for another one is of no use to it. */
function rangeFor({ headers }: IncomingMessage, attachment: AttachmentView): AskedRange {
  const tag = tagOf(attachment);
  return askedRange((headers['if-range'] ?? tag) === tag ? headers.range : undefined, attachment.bytes);
}

function tagOf({ id }: AttachmentView): string {
  return `"${id}"`;
}

function extentOf({ bytes }: AttachmentView, part: ByteRange | undefined): Record<string, string | number> {
  if (!part) return { 'Content-Length': bytes };
  const { start, end } = part;
  return { 'Content-Length': end - start + 1, 'Content-Range': `bytes ${start}-${end}/${bytes}` };
}

/** Nothing that anybody has uploaded is ever shown as a page of ours, whatever it is. */
function headersOf(attachment: AttachmentView, keepS: number): Record<string, string> {
  return {
    ETag: tagOf(attachment),
    'Content-Type': attachment.mimeType,
    'Content-Disposition': contentDisposition(attachment.name),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    // A signed address is for the `<img>` of any page that it was given to.
    ...(keepS > 0 && { 'Cross-Origin-Resource-Policy': 'cross-origin' }),
    'Accept-Ranges': 'bytes',
    'Cache-Control': keepS > 0 ? `private, max-age=${keepS}` : 'no-store',
  };
}
