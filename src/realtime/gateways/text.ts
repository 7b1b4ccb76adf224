/** With the `u` flag only surrogates without a partner match. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** C0 and C1 controls and DEL. */
// oxlint-disable-next-line no-control-regex -- controls are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** The same without line feed, carriage return and tab. */
// oxlint-disable-next-line no-control-regex -- as above
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** What a text may be; lengths are counted in code points. */
export interface TextRules {
  readonly min: number;
  readonly max: number;
  /** Allows line breaks and tabs, which are refused otherwise as every control character is. */
  readonly hasLines?: boolean;
}

/** Whether the value is a string that the rules allow. Linear in its length. */
export function isText(value: unknown, { min, max, hasLines = false }: TextRules): boolean {
  if (typeof value !== 'string' || value.length > 2 * max || LONE_SURROGATE.test(value)) return false;
  const length = countCodePoints(value);
  if (length < min || length > max) return false;
  return !(hasLines ? CONTROL_BUT_LINES : CONTROL).test(value);
}

/** For a text without lone surrogates: each pair is one. */
function countCodePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) count -= 1;
  }
  return count;
}
