/**
 * The emulator of ComfyUI, proven by a client that many use.
 *
 * @module
 */
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { Client } from '@stable-canvas/comfyui-client';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { ComfyEmulator } from '../../plugins/comfyui/src/emulator/index.js';
import workflow from '../fixtures/server-catalogue/comfyui-text.json' with { type: 'json' };

it('makes an image for a client of others, and refuses what ComfyUI refuses', async () => {
  const emulator = await ComfyEmulator.start();
  const client = new Client({ api_host: new URL(emulator.url).host, WebSocket });
  onTestFinished(async () => {
    client.close();
    await emulator.close();
  });
  await client.connect();
  expect(await client.getSamplers()).toContain('euler_ancestral');
  const graph = structuredClone(workflow.options.workflow);
  graph['6'].inputs.text = 'a star';
  const { images } = await client.enqueue(graph, { workflow: {} });
  // It takes previews for images as well.
  const urls = images.flatMap(({ type, data }) => (type === 'url' ? [String(data)] : []));
  expect(urls).toHaveLength(1);
  const bytes = new Uint8Array(await (await fetch(urls[0] as string)).arrayBuffer());
  expect(await isPictureOf(bytes, 'a star')).toBe(true);
  const odd = { ...graph, 4: { class_type: 'Nothing', inputs: {} } };
  await expect(client.enqueue(odd, { workflow: {} })).rejects.toThrow();
});
