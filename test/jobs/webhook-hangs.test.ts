import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { startServer } from '../http/server.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('a webhook that hangs is told again, whatever is garbage collected meanwhile', async () => {
  const asked: number[] = [];
  const listener = createServer((request, response) => {
    request.resume();
    asked.push(performance.now());
    // The first call is never answered.
    if (asked.length > 1) response.writeHead(204).end();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => {
    listener.closeAllConnections();
    listener.close();
  });
  const collecting = setInterval(collectGarbage, 200);
  onTestFinished(() => clearInterval(collecting));
  const server = await startServer({ server: { privateAddresses: true } });
  const webhook = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
  expect((await server.post('/api/images/jobs', { prompt: 'a fixture', webhook })).status).toBe(202);
  await expect.poll(() => asked.length).toBe(2);
});
