/**
 * Fetching pictures from addresses that somebody else has named.
 *
 * @module
 */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FetchImageOptions, fetchImage } from '@easel/plugin-sdk';
import { drawPicture } from '@easel/plugin-sdk/emulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPublicAddress } from '../../plugin-sdk/src/public-address.js';

const options = {
  maximumBytes: 100_000,
  timeoutMs: 2_000,
  allowPrivateAddresses: true,
} satisfies FetchImageOptions;

async function serve(listener: RequestListener): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const failure = async (work: Promise<unknown>) =>
  (await work.then(
    () => undefined,
    (error: unknown) => error,
  )) as { code: string; message: string };

describe('isPublicAddress', () => {
  it.each([
    ...[
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.255',
      '169.254.169.254',
      '168.63.129.16',
      '100.100.100.200',
      '192.0.0.192',
      'fd00:ec2::254',
      'fd20:ce::254',
      'fd00:42::42',
      '172.16.0.1',
      '172.31.255.255',
    ],
    ...['192.0.0.1', '192.168.1.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...[
      '::',
      '::1',
      '::ffff:8.8.8.8',
      '::ffff:127.0.0.1',
      '64:ff9b::808:808',
      'fe80::1',
      'fc00::1',
      'fd12::1',
      'ff02::1',
      '2001:db8::1',
      '2002:7f00:1::',
    ],
    ...['fe80::1%eth0', 'localhost', '', '1.2.3', '08.8.8.8'],
  ])('is not %s', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['8.8.8.8', '172.32.0.1', '192.0.1.1', '2606:4700::1111', '2a00:1450::1'])('is %s', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );
});

describe('fetchImage', () => {
  it.each(['png', 'jpeg', 'webp'] as const)(
    'fetches a %s, whatever its answer calls it, and sends no credentials',
    async (format) => {
      const picture = await drawPicture('a cat', { width: 64, height: 64, format });
      const { url, requests } = await serve((_, response) =>
        response.setHeader('content-type', 'text/html').end(picture),
      );
      const { bytes, mediaType } = await fetchImage(`${url}/x`, options);
      expect(mediaType).toBe(`image/${format}`);
      expect(Buffer.compare(bytes, picture)).toBe(0);
      expect(requests[0]?.headers).not.toHaveProperty('authorization');
      expect(requests[0]?.headers).not.toHaveProperty('cookie');
    },
  );

  it('follows three redirects, and no more', async () => {
    const picture = await drawPicture('a cat', { width: 64, height: 64 });
    const { url } = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end(picture);
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect((await fetchImage(`${url}/3`, options)).mediaType).toBe('image/png');
    expect(await failure(fetchImage(`${url}/4`, options))).toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('redirected'),
    });
  });

  it('connects to nothing that is private, by address or by name, at once or after a redirect', async () => {
    const { url, requests } = await serve((_, response) => response.end());
    const strict = { maximumBytes: 1_000, timeoutMs: 2_000 };
    const port = new URL(url).port;
    for (const address of [
      `https://127.0.0.1:${port}/`,
      `https://[::1]:${port}/`,
      `https://0x7f000001:${port}/`,
      `https://2130706433:${port}/`,
      `https://localhost:${port}/`,
      'https://169.254.169.254/latest/meta-data',
      url,
      'file:///etc/passwd',
      'data:image/png;base64,AAAA',
      'https://name:word@example.com/',
      'no URL',
    ])
      expect(await failure(fetchImage(address, strict)), address).toMatchObject({
        code: 'ERR_PROVIDER_BAD_RESPONSE',
      });
    const redirecting = async () =>
      new Response(null, { status: 302, headers: { location: `https://127.0.0.1:${port}/` } });
    const lookup = async () => [{ address: '8.8.8.8', family: 4 }];
    expect(
      await failure(fetchImage('https://example.com/', { ...strict, lookup, fetch: redirecting })),
    ).toMatchObject({ code: 'ERR_PROVIDER_BAD_RESPONSE' });
    expect(requests).toHaveLength(0);
  });

  it('refuses a name that has a private address among others, and connects where the name was found to lead', async () => {
    const picture = await drawPicture('a cat', { width: 64, height: 64 });
    const { url, requests } = await serve((_, response) => response.end(picture));
    const mixed = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    const strict = { maximumBytes: 1_000, timeoutMs: 2_000 };
    expect(await failure(fetchImage('https://example.com/', { ...strict, lookup: mixed }))).toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
    });
    // The name is looked up once; nobody asks it again when connecting.
    let lookups = 0;
    const rebound = async () => {
      lookups += 1;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    await fetchImage(`http://pictures.invalid:${new URL(url).port}/`, { ...options, lookup: rebound });
    expect(lookups).toBe(1);
    expect(requests[0]?.headers.host).toContain('pictures.invalid');
  });

  it('ends with what is too large, too slow, no picture, or not there', async () => {
    const { url } = await serve((request, response) => {
      const path = request.url?.replace(/\?.*$/, '');
      if (path === '/said') response.writeHead(200, { 'content-length': 10_000_000 }).write('x');
      else if (path === '/unsaid') for (let part = 0; part < 30; part++) response.write(Buffer.alloc(10_000));
      else if (path === '/slow') response.writeHead(200).write('x');
      else if (path === '/text') response.end('<html>');
      else response.writeHead(Number(path?.slice(1))).end();
    });
    for (const path of ['said', 'unsaid', 'text', '404', '403'])
      expect(await failure(fetchImage(`${url}/${path}?signature=abc`, options)), path).toMatchObject({
        code: 'ERR_PROVIDER_BAD_RESPONSE',
        message: expect.not.stringContaining('signature'),
      });
    for (const path of ['500', '503', '429'])
      expect(await failure(fetchImage(`${url}/${path}`, options)), path).toMatchObject({
        code: 'ERR_PROVIDER_UNAVAILABLE',
      });
    expect(await failure(fetchImage(`${url}/slow`, { ...options, timeoutMs: 100 }))).toMatchObject({
      code: 'ERR_PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('100 ms'),
    });
    expect(await failure(fetchImage('http://127.0.0.1:1/', options))).toMatchObject({
      code: 'ERR_PROVIDER_UNAVAILABLE',
    });
    const lookup = async () => await Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(await failure(fetchImage('https://example.com/', { ...options, lookup }))).toMatchObject({
      code: 'ERR_PROVIDER_UNAVAILABLE',
    });
    const signal = AbortSignal.timeout(50);
    expect(await failure(fetchImage(`${url}/slow`, { ...options, signal }))).toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});
