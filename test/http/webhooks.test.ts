import type { Webhook } from '@easel/plugin-sdk';
import { definePlugin } from '@easel/plugin-sdk';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { startServer } from './server.js';

it('hands a webhook to the plugin that is named, with its bytes, and without keys of callers', async () => {
  const taken: Webhook[] = [];
  const addresses: (string | undefined)[] = [];
  const plugin = definePlugin({
    manifest: { id: 'told', handles: [{ type: 'told' }], activation: 'startup' },
    config: z.strictObject({}),
    options: z.strictObject({}),
    async start({ webhookUrl }) {
      addresses.push(webhookUrl);
      return {
        generate: async () => ({ images: [] }),
        async receiveWebhook(webhook) {
          taken.push(webhook);
          if (webhook.task === 'bad') throw new Error('it is out of order');
        },
      };
    },
  });
  const server = await startServer(
    { server: { publicUrl: 'https://images.example.com/easel/' } },
    { plugins: [plugin] },
  );
  await expect.poll(() => addresses).toEqual(['https://images.example.com/easel/api/webhooks/told']);
  await expect
    .poll(() => server.manager.getServiceHealth().plugins.find(({ id }) => id === 'told')?.state)
    .toBe('ready');
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/webhooks/${path}`, { method: 'POST', headers, body });
  const sent = { 'content-type': 'text/odd', authorization: 'Bearer a', cookie: 'b=c', 'x-signature': 'd' };
  expect((await post('told/one', '{"a" : 1}', sent)).status).toBe(204);
  const [first] = taken;
  expect(first).toMatchObject({ task: 'one', headers: { 'x-signature': 'd', 'content-type': 'text/odd' } });
  expect(Buffer.from(first!.body).toString()).toBe('{"a" : 1}');
  expect(Object.keys(first!.headers)).not.toContain('cookie');
  expect(Object.keys(first!.headers)).not.toContain('authorization');
  // Whoever sends one learns nothing of what became of it.
  expect((await post('told/bad', '{}')).status).toBe(204);
  expect(taken).toHaveLength(2);
  // One that takes none, and does not run.
  expect((await post('steady/one', '{}')).status).toBe(204);
  expect((await post('nothing/one', '{}')).status).toBe(404);
  expect((await post('told/one', 'x'.repeat(1024 * 1024 + 1))).status).toBe(413);
  expect(taken).toHaveLength(2);
});
