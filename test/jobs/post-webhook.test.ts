import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { postWebhook, type WebhookPost } from '../../core/src/jobs/post-webhook.js';

interface Told {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function listen(address: string, port: number, status = 204): Promise<{ port: number; told: Told[] }> {
  const told: Told[] = [];
  const server = createServer(async (request, response) => {
    told.push({ headers: request.headers, body: await text(request) });
    response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('x'.repeat(1_000));
  });
  server.listen(port, address);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, told };
}

const { signal } = new AbortController();
const post = {
  ...{ body: '{"a":"ä"}', signature: 't=1,v1=x', privateAddresses: true, signal },
} satisfies WebhookPost;

/** A name whose address is another one each time that it is looked up. */
function rebinding(...addresses: string[]) {
  const asked: string[] = [];
  const lookup = async (name: string) => {
    asked.push(name);
    return [{ address: addresses[Math.min(asked.length, addresses.length) - 1] ?? '', family: 4 }];
  };
  return { asked, lookup };
}

it('a webhook is told at the very address that was looked up, whatever its name has a moment later', async () => {
  const first = await listen('127.0.0.1', 0);
  const second = await listen('127.0.0.2', first.port);
  const { asked, lookup } = rebinding('127.0.0.1', '127.0.0.2');
  await postWebhook(`http://me:it%3As@hook.test:${first.port}/jobs`, { ...post, lookup });
  expect(asked).toEqual(['hook.test']);
  expect(second.told).toEqual([]);
  expect(first.told).toMatchObject([
    {
      body: post.body,
      headers: {
        host: `hook.test:${first.port}`,
        authorization: `Basic ${Buffer.from('me:it:s').toString('base64')}`,
        'content-type': 'application/json',
        'content-length': '10',
        'easel-signature': 't=1,v1=x',
      },
    },
  ]);
});

it.each([
  ['a private address', 'https://hook.test', ['10.0.0.1']],
  ['plain http', 'http://hook.test', ['93.184.216.34']],
  ['an address of this machine', 'https://127.0.0.1', []],
])('a webhook at %s is not told', async (_, url, addresses) => {
  const { lookup } = rebinding(...addresses);
  await expect(postWebhook(url, { ...post, privateAddresses: false, lookup })).rejects.toThrow(
    'its host is not a public one that speaks https',
  );
});

it.each([302, 500])('an answer of %i is a failure, and leads nowhere else', async (status) => {
  const { port, told } = await listen('127.0.0.1', 0, status);
  await expect(postWebhook(`http://127.0.0.1:${port}`, post)).rejects.toThrow(`it answered ${status}`);
  expect(told).toHaveLength(1);
});
