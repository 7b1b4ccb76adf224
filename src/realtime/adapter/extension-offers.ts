const DEFLATE = /^\s*permessage-deflate\s*(?:;|$)/i;
const WELL_FORMED_PARAMETER = /^\s*[\w!#$%&'*+\-.^`|~]+\s*(?:=\s*"?[\w!#$%&'*+\-.^`|~]+"?\s*)?$/;

/**
 * The parameters of RFC 7692 section 7.1. zlib has no raw window of 8 bits: what a server may not exceed begins at 9.
 */
const PARAMETER =
  /^(?:(?:server|client)_no_context_takeover|server_max_window_bits=(?:9|1[0-5])|client_max_window_bits(?:=(?:[89]|1[0-5]))?)$/;

/**
 * The header `Sec-WebSocket-Extensions` without the offers that RFC 7692 has a server decline: parameters that there are not,
 * twice or with a value that they do not take. `ws` would refuse the whole upgrade for one of them. What is not even
 * well formed is left to it.
 */
export function withoutUnacceptable(header: string): string {
  return header
    .split(',')
    .filter((offer) => !DEFLATE.test(offer) || isAcceptable(offer))
    .join(',')
    .trim();
}

function isAcceptable(offer: string): boolean {
  const parameters = offer.split(';').slice(1);
  if (!parameters.every((parameter) => WELL_FORMED_PARAMETER.test(parameter))) return true;
  const written = parameters.map((parameter) => parameter.replaceAll(/[\s"]/g, ''));
  const names = new Set(written.map((parameter) => parameter.split('=', 1)[0]));
  return names.size === written.length && written.every((parameter) => PARAMETER.test(parameter));
}
