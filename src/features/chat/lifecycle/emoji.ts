const MAX_BYTES = 64;

/** With the `u` flag only surrogates without a partner match. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Controls, separators and what else has no look of its own. */
const UNSEEN = /^[\p{C}\p{Z}\p{M}]+$/u;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Whether the value is one grapheme that can be seen, of at most 64 bytes. */
export function isEmoji(value: unknown): value is string {
  if (typeof value !== 'string' || LONE_SURROGATE.test(value) || UNSEEN.test(value)) return false;
  if (/\p{Cc}/u.test(value) || Buffer.byteLength(value) > MAX_BYTES) return false;
  const [first] = graphemes.segment(value);
  return first?.segment === value;
}
