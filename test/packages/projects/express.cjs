const { createImageServiceManager } = require('@easel/core');
const { createServer } = require('@easel/core/server');
const express = require('express');

async function main() {
  const manager = createImageServiceManager();
  const easel = await createServer({ manager, prefix: '/easel' });
  await easel.ready();
  const app = express();
  app.use(express.json());
  app.use('/easel', (request, response) => easel.routing(request, response));
  const server = app.listen(0, '127.0.0.1', async () => {
    const made = await fetch(`http://127.0.0.1:${server.address().port}/easel/v1/images/generations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'a yellow star', seed: 7, steps: 2 }),
    });
    console.log(process.version, made.status, (await made.json()).data.length);
    server.close();
    server.closeAllConnections();
    await easel.close();
    await manager.close();
  });
}
void main();
