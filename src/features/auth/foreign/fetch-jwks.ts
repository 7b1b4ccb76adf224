const LARGEST_SET_BYTES = 65_536;
const OK = 200;

/**
 * Reads a JWK set from the one address that is configured. No redirect is followed and no more than 64 KiB are read, so that
 * neither the provider nor whoever stands in for it can send this service anywhere, or fill its memory.
 */
export async function fetchJwks(url: string, signal: AbortSignal): Promise<unknown> {
  const headers = { accept: 'application/json, application/jwk-set+json' };
  const response = await fetch(url, { headers, signal, redirect: 'error' });
  if (response.status !== OK || response.body === null) {
    await response.body?.cancel();
    throw new Error(`the provider's keys were answered with ${response.status}`);
  }
  return JSON.parse(await limitedText(response.body)) as unknown;
}

async function limitedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop ends the transfer.
    if (size > LARGEST_SET_BYTES)
      throw new Error(`the provider's keys are larger than ${LARGEST_SET_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
