/**
 * Answers that end, break off or wait while nobody reads them, from a real socket: whatever a service does,
 * the process goes on.
 *
 * @module
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { isUnsent, patientFetch, readBody, reasonOf } from '@easel/plugin-sdk';
import { afterAll, expect, it } from 'vitest';

/** About what undici 7 reads at once: with it the process ended here (nodejs/undici#5360). */
const body = Buffer.alloc(30_000, 'a');
const closing = 'HTTP/1.1 200 OK\r\nconnection: close\r\n';

const compressed = (encoding: string, content: Buffer) => (socket: Socket) => {
  socket.write(`${closing}content-encoding: ${encoding}\r\ncontent-length: ${content.length}\r\n\r\n`);
  socket.end(content);
};

/** What the server does with a request, by its path. */
const answers: Readonly<Record<string, (socket: Socket) => void>> = {
  '/ends': (socket) => {
    socket.write(`${closing}content-length: ${body.length}\r\n\r\n`);
    socket.end(body);
  },
  '/ends-without-a-length': (socket) => {
    socket.write(`${closing}\r\n`);
    socket.end(body);
  },
  '/is-cut': (socket) => {
    socket.write(`${closing}content-length: ${body.length + 1}\r\n\r\n`);
    socket.end(body);
  },
  '/is-reset': (socket) => {
    socket.write(`${closing}content-length: ${2 * body.length}\r\n\r\n`);
    socket.write(body, () => socket.resetAndDestroy());
  },
  '/has-an-odd-status': (socket) => {
    socket.write(`HTTP/1.1 999 Odd\r\ncontent-length: ${body.length}\r\n\r\n`);
  },
  '/gzip': compressed('gzip', gzipSync(body)),
  '/deflate': compressed('deflate', deflateSync(body)),
  '/br': compressed('BR', brotliCompressSync(body)),
  '/gzip-of-nothing': compressed('gzip', Buffer.alloc(0)),
  '/gzip-is-cut': compressed('gzip', gzipSync(body).subarray(0, -20)),
  '/is-no-gzip': compressed('gzip', body),
  '/has-an-unknown-encoding': compressed('compress', body),
  '/bomb': compressed('gzip', gzipSync(Buffer.alloc(64 * 1024 * 1024))),
  '/redirects': (socket) => {
    socket.end('HTTP/1.1 302 Found\r\nlocation: /ends\r\ncontent-length: 0\r\n\r\n');
  },
};
const sent: string[] = [];
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (data) => {
    sent.push(data.toString('latin1'));
    answers[/^\S+ (\S+)/.exec(data.toString('latin1'))?.[1] ?? '']?.(socket);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => void server.close());

/** Until what has come to this process has been dealt with. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 200; turns++) await turn();
}

it.each(['/ends', '/ends-without-a-length'])(
  'has all of an answer that waited to be read: %s',
  async (path) => {
    const response = await patientFetch(url + path);
    await settle();
    expect(Buffer.from(await response.arrayBuffer())).toEqual(body);
  },
);

it.each(['/is-cut', '/is-reset'])('rejects an answer that broke off before it was read: %s', async (path) => {
  const read = async () => {
    const response = await patientFetch(url + path);
    await settle();
    return await response.arrayBuffer();
  };
  await expect(read()).rejects.toThrow();
});

it.each(['/gzip', '/deflate', '/br', '/has-an-unknown-encoding'])(
  'has what an answer was before it was compressed: %s',
  async (path) => {
    const { headers, body: content } = await patientFetch(url + path);
    const length = headers.get('content-length');
    expect(Buffer.from(await new Response(content).arrayBuffer())).toEqual(body);
    expect([null, `${body.length}`]).toContain(length);
  },
);

it.each(['/gzip-is-cut', '/is-no-gzip'])('rejects what is not compressed as it says: %s', async (path) => {
  const response = await patientFetch(url + path);
  await settle();
  await expect(response.arrayBuffer()).rejects.toThrow();
});

it('takes an empty answer as one, however it says that it is compressed', async () => {
  expect(await (await patientFetch(`${url}/gzip-of-nothing`)).text()).toBe('');
});

it('reads no more of a compressed answer than its limit, by what it was before', async () => {
  const read = async () => await readBody(await patientFetch(`${url}/bomb`), 1024 * 1024);
  await expect(read()).rejects.toThrow('larger than 1048576 bytes');
});

it('says which status is none, and lets go of the connection', async () => {
  const connection = once(server, 'connection');
  const answer = patientFetch(`${url}/has-an-odd-status`);
  const [socket] = (await connection) as [Socket];
  const closed = once(socket, 'close');
  await expect(answer).rejects.toThrow('the status 999');
  await closed;
});

it('is ended by its signal, before an answer and in the middle of one', async () => {
  const controller = new AbortController();
  const silent = patientFetch(`${url}/silence`, { signal: controller.signal });
  const response = await patientFetch(`${url}/ends`, { signal: controller.signal });
  controller.abort();
  await expect(silent).rejects.toMatchObject({ name: 'AbortError' });
  await expect(response.arrayBuffer()).rejects.toThrow();
});

it('follows no redirection, and sends a form with its length', async () => {
  const form = new FormData();
  form.append('image', new File(['pixels'], 'a.png', { type: 'image/png' }));
  const { status, headers } = await patientFetch(`${url}/redirects`, {
    ...{ method: 'POST', body: form, headers: new Headers({ authorization: 'Bearer key' }) },
  });
  expect([status, headers.get('location')]).toEqual([302, '/ends']);
  expect(sent.at(-1)).toMatch(/authorization: Bearer key/i);
  expect(sent.at(-1)).toMatch(/content-type: multipart\/form-data; boundary=/i);
  expect(sent.at(-1)).toMatch(/content-length: \d+/i);
});

it('says that nothing was sent where nobody listens', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  other.close();
  await once(other, 'close');
  const error = await patientFetch(`http://127.0.0.1:${port}/`).catch((cause: unknown) => cause);
  expect(isUnsent(reasonOf(error).code)).toBe(true);
});
