import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { startServer, type TestServer } from './server.js';

const body = JSON.stringify({ prompt: 'a', provider_options: { steady: { delayMs: 30_000 } } });
const slow = `POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;

function open({ url }: TestServer, requests: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(requests);
  return socket;
}

/** Calls that the plugin works on, and that wait for it. */
const calls = (server: TestServer) => {
  const steady = server.manager.getServiceHealth().plugins.find(({ id }) => id === 'steady');
  return (steady?.inFlight ?? 0) + (steady?.queued ?? 0);
};

it('requests that come at once on one connection are answered in their order', async () => {
  const server = await startServer();
  const socket = open(
    server,
    get('/healthz') + get('/nowhere') + get('/readyz') + get('/healthz', 'connection: close\r\n'),
  );
  const statuses = (await text(socket)).match(/(?<=HTTP\/1\.1 )\d+/g);
  expect(statuses).toEqual(['200', '404', '200', '200']);
});

it('none of them is worked on once its caller has gone away, and none keeps the server from closing', async () => {
  const server = await startServer();
  const socket = open(server, slow.repeat(5));
  await expect.poll(() => calls(server)).toBe(1);
  socket.destroy();
  await expect.poll(() => calls(server)).toBe(0);
  // A request that comes after those finds them gone.
  expect((await server.post('/v1/images/generations', { prompt: 'a' })).status).toBe(200);
  expect(calls(server)).toBe(0);
  const closedAt = performance.now();
  await server.close();
  expect(performance.now() - closedAt).toBeLessThan(10_000);
});
