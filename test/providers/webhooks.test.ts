/**
 * Webhooks of providers, through a server: what is signed has its task asked about at once, and nothing else
 * makes a difference.
 *
 * @module
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createPort } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import { createServer } from '@easel/core/server';
import { HttpEmulator, isPictureOf, type SeenRequest, type TaskEmulator } from '@easel/plugin-sdk/emulator';
import { isStandardWebhook } from '@easel/plugin-sdk/provider';
import { createFalClient } from '@fal-ai/client';
import Replicate, { validateWebhook } from 'replicate';
import { describe, expect, it, onTestFinished } from 'vitest';
import { emulatedKey as falKey } from '../../plugins/fal/src/emulator/index.js';
import { isSignedByFal, signingKeys } from '../../plugins/fal/src/webhook.js';
import { emulatedSecret, emulatedKey as replicateKey } from '../../plugins/replicate/src/emulator/index.js';
import { type QueueProvider, queueProviders } from './queue-providers.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

async function findFreePort(): Promise<number> {
  const probe = createPort().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const signing = queueProviders.filter(({ id }) => id === 'fal' || id === 'replicate');

/** Of a question that the provider was asked, or a webhook that it was asked for. */
const webhookIn = ({ query, json }: SeenRequest): string | undefined =>
  query.fal_webhook ?? (json as { webhook?: string }).webhook;

interface WorldOptions {
  readonly settings: Readonly<Record<string, number | boolean>>;
  readonly workMs: number;
  /** Whether anything listens at the address that the provider is given. */
  readonly isListening?: boolean;
}

/** A server at a known address, with one plugin in a process of its own. */
async function openWorld(provider: QueueProvider, { settings, workMs, isListening = true }: WorldOptions) {
  const emulator = await provider.start({ workMs });
  const port = await findFreePort();
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-webhooks-'));
  const options = { ...provider.optionsFor(emulator), webhooks: true, ...settings };
  const keysUrl = provider.id === 'fal' ? { webhookKeysUrl: `${emulator.url}/.well-known/jwks.json` } : {};
  const manager = createImageServiceManager({
    bundled: false,
    environment: provider.secrets,
    configuration: {
      pluginFolders: [join(root, 'plugins')],
      catalogueFolders: [join(root, 'models/catalogue')],
      storageFolder,
      currentModel: provider.model,
      server: { publicUrl: `http://127.0.0.1:${port}` },
      plugins: { [provider.id]: { options: { ...options, ...keysUrl } } },
    },
  });
  const server = await createServer({ manager });
  if (isListening) await server.listen({ host: '127.0.0.1', port });
  onTestFinished(async () => {
    await server.close();
    await manager.close();
    await emulator.close();
    await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
  });
  const questions = () => emulator.seen('GET', provider.ask).length;
  const address = () => {
    const [submission] = emulator.seen('POST', provider.submit);
    return submission && webhookIn(submission);
  };
  return { emulator, manager, questions, address };
}

const star = { prompt: 'a star', width: 512, height: 512 };
/** Nothing but a webhook is in time. */
const rarely = { firstPollMs: 60_000, longestPollMs: 600_000 };

describe.each(signing)('$id', (provider) => {
  it('tells that a task has ended, which is asked about at once then', async () => {
    const { emulator, manager, questions, address } = await openWorld(provider, {
      settings: rarely,
      workMs: 2_000,
    });
    const { images } = await manager.generateImage(star);
    expect(await isPictureOf(images[0]!.bytes, 'a star')).toBe(true);
    expect(emulator.told).toEqual([{ url: address(), status: 204 }]);
    expect(address()).toMatch(new RegExp(`/api/webhooks/${provider.id}/[0-9a-f-]{36}$`));
    expect(questions()).toBeGreaterThan(1);
  });

  it('is not believed without its signature, nor with another body or time, nor of another task', async () => {
    const { manager, questions, address } = await openWorld(provider, {
      settings: rarely,
      workMs: 600_000,
    });
    const stop = new AbortController();
    const call = manager.generateImage(star, { signal: stop.signal });
    await expect.poll(questions).toBe(1);
    const url = address()!;
    const { headers, body } = await signedBy(provider);
    const post = async (given: Record<string, string>, sent: string | Buffer, to = url) =>
      (await fetch(to, { method: 'POST', headers: given, body: new Uint8Array(Buffer.from(sent)) })).status;
    expect(await post({}, '{}')).toBe(204);
    expect(await post({ 'content-type': 'text/plain' }, 'x'.repeat(1000))).toBe(204);
    expect(await post(headers, `${body} `)).toBe(204);
    expect(await post(madeLongAgo(headers), body)).toBe(204);
    expect(await post(headers, body, url.replace(/.{12}$/, '0123456789ab'))).toBe(204);
    expect(await post({}, 'x'.repeat(1024 * 1024 + 1))).toBe(413);
    expect(questions()).toBe(1);
    // The same that is signed, and now: the task is asked about, and has not ended.
    expect(await post(headers, body)).toBe(204);
    await expect.poll(questions).toBe(2);
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('may be lost: the task is asked about all the same', async () => {
    const { emulator, manager, address } = await openWorld(provider, {
      settings: { firstPollMs: 20 },
      workMs: 200,
      isListening: false,
    });
    const { images } = await manager.generateImage(star);
    expect(images).toHaveLength(1);
    expect(address()).toMatch(/^http/);
    expect(emulator.told).toEqual([]);
  });

  it('is not asked for where the plugin is not told to', async () => {
    const { manager, address } = await openWorld(provider, {
      settings: { webhooks: false },
      workMs: 20,
    });
    await manager.generateImage(star);
    expect(address()).toBeUndefined();
  });
});

/** The same, with the time of an hour ago. */
const madeLongAgo = (headers: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name.endsWith('timestamp') ? String(Number(value) - 3_600) : value,
    ]),
  );

describe('signatures', () => {
  const find = (id: string) => signing.find((provider) => provider.id === id) as QueueProvider;
  const later = (seconds: number) => Date.now() + 1000 * seconds;

  it("are Replicate's, as its own client checks them", async () => {
    const { headers, body } = await signedBy(find('replicate'));
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
    const told = { ...{ id, timestamp, signature, body: body.toString() }, secret: emulatedSecret };
    expect(await validateWebhook(told as Parameters<typeof validateWebhook>[0])).toBe(true);
    const webhook = { task: 'any', headers, body };
    expect(isStandardWebhook(webhook, emulatedSecret)).toBe(true);
    const rotated = { ...headers, 'webhook-signature': `v1,AAAA v1a,${signature} ${signature}` };
    expect(isStandardWebhook({ ...webhook, headers: rotated }, emulatedSecret)).toBe(true);
    for (const now of [later(400), later(-400)])
      expect(isStandardWebhook(webhook, emulatedSecret, now)).toBe(false);
    expect(isStandardWebhook(webhook, 'whsec_b3RoZXI=')).toBe(false);
    expect(
      isStandardWebhook({ ...webhook, headers: { ...headers, 'webhook-id': 'msg_2' } }, emulatedSecret),
    ).toBe(false);
  });

  it("are fal's, by any of its keys", async () => {
    const { emulator, headers, body } = await signedBy(find('fal'));
    const webhook = { task: 'any', headers, body };
    const keys = signingKeys(`${emulator.url}/.well-known/jwks.json`, 5_000);
    const { publicKey: other } = generateKeyPairSync('ed25519');
    expect(await keys.verify((known) => isSignedByFal(webhook, [other, ...known]))).toBe(true);
    expect(isSignedByFal(webhook, [other])).toBe(false);
    for (const now of [later(400), later(-400)])
      expect(await keys.verify((known) => isSignedByFal(webhook, known, now))).toBe(false);
    for (const name of ['request-id', 'user-id', 'signature']) {
      const changed = { ...headers, [`x-fal-webhook-${name}`]: 'ab' };
      expect(await keys.verify((known) => isSignedByFal({ ...webhook, headers: changed }, known))).toBe(
        false,
      );
    }
    // Strangers do not make it ask for the keys again and again.
    expect(emulator.seen('GET', /jwks/)).toHaveLength(1);
  });
});

/** A webhook as another emulator of the provider signs it, with the same keys. */
async function signedBy(provider: QueueProvider) {
  const receiver = await HttpEmulator.start({ port: 0, handle: async () => ({ status: 200 }) });
  onTestFinished(() => receiver.close());
  const emulator = await provider.start();
  onTestFinished(() => emulator.close());
  await submit(provider, emulator, receiver.url);
  await expect.poll(() => receiver.requests.length).toBe(1);
  const [{ headers: all, body }] = receiver.requests as [SeenRequest];
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = all;
  return { emulator, headers: headers as Record<string, string>, body };
}

/** As the official clients begin a task with a webhook. */
async function submit({ id }: QueueProvider, emulator: TaskEmulator, webhookUrl: string) {
  const prompt = 'a star';
  if (id === 'fal') {
    const client = createFalClient({
      credentials: falKey,
      requestMiddleware: async (request) => ({
        ...request,
        url: request.url.replace('https://queue.fal.run', emulator.url),
      }),
    });
    await client.queue.submit('fal-ai/flux/schnell', { input: { prompt }, webhookUrl });
  } else {
    const client = new Replicate({ auth: replicateKey, baseUrl: `${emulator.url}/v1` });
    const model = 'black-forest-labs/flux-schnell';
    await client.predictions.create({
      ...{ model, input: { prompt }, webhook: webhookUrl },
      webhook_events_filter: ['completed'],
    });
  }
}
