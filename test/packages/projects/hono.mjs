import { createImageServiceManager } from '@easel/core';
import { createServer } from '@easel/core/server';
import { serve } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';

const manager = createImageServiceManager();
const easel = await createServer({ manager, prefix: '/easel' });
await easel.ready();

const app = new Hono();
app.get('/star', async (context) => {
  const { images } = await manager.generateImage({ prompt: 'a yellow star', seed: 7, steps: 2 });
  return context.body(images[0].bytes, 200, { 'content-type': images[0].mediaType });
});
app.all('/easel/*', ({ env: { incoming, outgoing } }) => {
  easel.routing(incoming, outgoing);
  return RESPONSE_ALREADY_SENT;
});

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, async ({ port }) => {
  const origin = `http://127.0.0.1:${port}`;
  const star = await fetch(`${origin}/star`);
  const made = await fetch(`${origin}/easel/v1/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a yellow star', seed: 7, steps: 2 }),
  });
  const { data } = await made.json();
  console.log(process.version, star.headers.get('content-type'), made.status, data.length);
  server.close();
  server.closeAllConnections();
  await easel.close();
  await manager.close();
});
