// The HTTP APIs of Easel under a path of an Express app.
import { createImageServiceManager } from '@easel/core';
import { createServer } from '@easel/core/server';
import express from 'express';

const manager = createImageServiceManager();
const easel = await createServer({ manager, prefix: '/images' });
await easel.ready();

const app = express();
app.get('/', (_request, response) => response.send('Send requests to /images/v1/images/generations.'));
app.use('/images', (request, response) => easel.routing(request, response));

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});

process.once('SIGTERM', async () => {
  await easel.close();
  server.close();
  await manager.close();
});
