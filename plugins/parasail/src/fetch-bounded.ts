import { fetchAddress, patientFetch, readBody } from '@easel/plugin-sdk';

/** Bytes of an answer; the largest pictures make some 40 MB of base64. */
const mostBytes = 128 * 1024 * 1024;

/**
 * Makes the requests of OpenAI's client, which would read an answer of any size, wait for it for ever once
 * its headers are there, and follow a redirection to anywhere. Files alone are read as they come, by their
 * reader, and may lie behind another address, without the key.
 */
export async function fetchBounded(given: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const url = new URL(given instanceof Request ? given.url : given);
  const response = await patientFetch(url, init);
  const { status, statusText, headers } = response;
  if (url.pathname.endsWith('/content')) {
    const location = headers.get('location');
    if (status < 300 || status >= 400 || !location) return response;
    await response.body?.cancel();
    // Whoever has the API on a machine of their own has its files there as well.
    const allowPrivateAddresses = url.protocol === 'http:';
    const signal = init.signal ?? new AbortController().signal;
    return await fetchAddress(new URL(location, url), { allowPrivateAddresses, signal });
  }
  const body = [204, 205, 304].includes(status) ? null : new Uint8Array(await readBody(response, mostBytes));
  return new Response(body, { status, statusText, headers });
}
