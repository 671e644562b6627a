import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EaselError } from '@easel/plugin-sdk';
import { type PaidCall, PaidRequests } from '@easel/plugin-sdk/paid';
import { describe, expect, it, onTestFinished } from 'vitest';

const senderFile = fileURLToPath(new URL('../fixtures/paid/sender.js', import.meta.url));
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A provider that is paid for each request as it comes, and answers when it is told to, at once if nobody
 * says.
 */
async function startProvider() {
  const waiting: ServerResponse[] = [];
  const provider = { paid: 0, isHeld: false, waiting, url: '', gone: 0 };
  const server = createServer((request, response) => {
    provider.paid += 1;
    response.once('close', () => {
      if (!response.writableEnded) provider.gone += 1;
    });
    request.resume();
    if (provider.isHeld) waiting.push(response);
    else response.end(`image ${provider.paid}`);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return provider;
}

async function createWorld(keepMs = 60_000) {
  const provider = await startProvider();
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-paid-'));
  onTestFinished(() => rm(storageFolder, { recursive: true, force: true, maxRetries: 10 }));
  const requests = new PaidRequests({ storageFolder, keepMs, logger: silent });
  const send = async (signal: AbortSignal) => (await fetch(provider.url, { signal })).text();
  const files = () => readdir(join(storageFolder, 'requests')).catch(() => []);
  return { provider, storageFolder, requests, send, files };
}

const callOf = (requestId: string | undefined, more: Partial<PaidCall> = {}): PaidCall => ({
  requestId,
  isResumable: true,
  signal: new AbortController().signal,
  received: new Promise(() => {}),
  ...more,
});

/** Another process that asks for the same. */
function startSender(storageFolder: string, url: string, requestId: string) {
  const child = spawn(process.execPath, [senderFile, storageFolder, url, requestId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, 'close').then(() => (said === '' ? undefined : (JSON.parse(said) as object)));
  return { child, ended };
}

describe('a paid request of a call with an id', () => {
  it('is sent once, and forgotten when its call has received the answer', async () => {
    const { provider, requests, send, files } = await createWorld();
    let receive: (isReceived: boolean) => void = () => {};
    const received = new Promise<boolean>((resolve) => {
      receive = resolve;
    });
    const call = callOf('a', { received });
    expect(await requests.ask(call, ['image'], send)).toMatchObject({ text: 'image 1', isResumed: false });
    expect(await requests.ask(call, ['image'], send)).toMatchObject({ text: 'image 1', isResumed: true });
    expect(await requests.ask(call, ['other'], send)).toMatchObject({ text: 'image 2' });
    expect(await requests.ask(callOf('b'), ['image'], send)).toMatchObject({ text: 'image 3' });
    expect(provider.paid).toBe(3);
    expect(await files()).toHaveLength(6);
    receive(true);
    await expect.poll(files).toHaveLength(2);
    expect(await requests.ask(callOf('a'), ['image'], send)).toMatchObject({ isResumed: false });
  });

  it('is shared by two that ask at once', async () => {
    const { provider, requests, send } = await createWorld();
    const both = [1, 2].map(() => requests.ask(callOf('a'), ['image'], send));
    expect((await Promise.all(both)).map(({ text }) => text)).toEqual(['image 1', 'image 1']);
    expect(provider.paid).toBe(1);
  });

  it('is kept where its call has not received the answer, in files for nobody else', async () => {
    const { provider, requests, send, files, storageFolder } = await createWorld();
    const call = callOf('a', { received: Promise.resolve(false) });
    const answer = await requests.ask(call, ['image'], send);
    await answer.replace('the image itself');
    expect(await requests.ask(callOf('a'), ['image'], send)).toMatchObject({ text: 'the image itself' });
    expect(provider.paid).toBe(1);
    for (const file of await files())
      expect((await stat(join(storageFolder, 'requests', file))).mode & 0o777).toBe(0o600);
    expect((await stat(join(storageFolder, 'requests'))).mode & 0o777).toBe(0o700);
  });

  it('goes on when its call is cancelled, and is there when the call comes again', async () => {
    const { provider, requests, send } = await createWorld();
    provider.isHeld = true;
    const controller = new AbortController();
    const asked = requests.ask(callOf('a', { signal: controller.signal }), ['image'], send);
    await expect.poll(() => provider.waiting.length).toBe(1);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const again = requests.ask(callOf('a'), ['image'], send);
    provider.waiting[0]?.end('late');
    expect(await again).toMatchObject({ text: 'late', isResumed: true });
    expect(provider.paid).toBe(1);
    expect(provider.gone).toBe(0);
  });

  it('is not sent, and leaves nothing behind, where the plugin closes while it is written down', async () => {
    const { provider, requests, send, files } = await createWorld();
    const asked = requests.ask(callOf('a'), ['image'], send);
    const closed = requests.close();
    await expect(asked).rejects.toMatchObject({ code: 'ERR_PLUGIN_DISABLED', mayBePaid: false });
    await closed;
    expect(await files()).toEqual([]);
    expect(provider.paid).toBe(0);
  });

  it('is sent again where it was turned away, and never where it may have been paid', async () => {
    const { requests, files } = await createWorld();
    let sent = 0;
    const fail = (mayBePaid: boolean) => async (): Promise<string> => {
      sent += 1;
      const code = mayBePaid ? 'ERR_PROVIDER_BAD_RESPONSE' : 'ERR_PROVIDER_RATE_LIMITED';
      throw new EaselError({ code, message: 'as told', mayBePaid });
    };
    for (let time = 0; time < 2; time++)
      await expect(requests.ask(callOf('a'), ['image'], fail(false))).rejects.toMatchObject({
        code: 'ERR_PROVIDER_RATE_LIMITED',
      });
    expect(sent).toBe(2);
    expect(await files()).toEqual([]);
    for (let time = 0; time < 2; time++)
      await expect(requests.ask(callOf('a'), ['image'], fail(true))).rejects.toMatchObject({
        ...{ code: 'ERR_PROVIDER_BAD_RESPONSE', message: 'as told', mayBePaid: true },
      });
    expect(sent).toBe(3);
  });

  it('is not sent where it cannot be written down', async () => {
    const { provider, requests, send, storageFolder } = await createWorld();
    await writeFile(join(storageFolder, 'requests'), 'in the way');
    await expect(requests.ask(callOf('a'), ['image'], send)).rejects.toMatchObject({ code: 'ERR_STORAGE' });
    expect(provider.paid).toBe(0);
  });

  it('is forgotten when nobody comes for it', async () => {
    const { requests, send, files, storageFolder } = await createWorld(50);
    await requests.ask(callOf('a'), ['image'], send);
    expect(await files()).toHaveLength(2);
    const old = new Date(Date.now() - 1_000);
    for (const name of await files()) await utimes(join(storageFolder, 'requests', name), old, old);
    const later = new PaidRequests({ storageFolder, keepMs: 50, logger: silent });
    await later.ask(callOf('b'), ['image'], send);
    await expect.poll(files).toHaveLength(2);
  });
});

describe('a paid request of a call without an id', () => {
  it('ends with its call, and leaves nothing behind', async () => {
    const { provider, requests, send, files } = await createWorld();
    provider.isHeld = true;
    const controller = new AbortController();
    const asked = requests.ask(callOf(undefined, { signal: controller.signal }), ['image'], send);
    await expect.poll(() => provider.waiting.length).toBe(1);
    controller.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => provider.gone).toBe(1);
    expect(await files()).toEqual([]);
  });
});

describe('a paid request of another process', () => {
  it('is taken over when that was killed after the answer', async () => {
    const { provider, requests, send, storageFolder } = await createWorld();
    expect(await startSender(storageFolder, provider.url, 'a').ended).toMatchObject({ text: 'image 1' });
    expect(await requests.ask(callOf('a'), ['image'], send)).toMatchObject({
      text: 'image 1',
      isResumed: true,
    });
    expect(provider.paid).toBe(1);
  });

  it('is waited for while that runs, also where it is being closed', async () => {
    const { provider, requests, send, storageFolder } = await createWorld();
    provider.isHeld = true;
    const { child, ended } = startSender(storageFolder, provider.url, 'a');
    await expect.poll(() => provider.waiting.length).toBe(1);
    child.kill('SIGTERM');
    // It says what has become of its call, and closes.
    await once(child.stdout, 'data');
    const asked = requests.ask(callOf('a'), ['image'], send);
    expect(child.exitCode).toBeNull();
    provider.waiting[0]?.end('late');
    expect(await asked).toMatchObject({ text: 'late', isResumed: true });
    await ended;
    expect(provider.paid).toBe(1);
  });

  it('is never sent again where that was killed before the answer, and says why', async () => {
    const { provider, requests, send, storageFolder } = await createWorld();
    provider.isHeld = true;
    const { child, ended } = startSender(storageFolder, provider.url, 'a');
    await expect.poll(() => provider.waiting.length).toBe(1);
    const asked = requests.ask(callOf('a'), ['image'], send);
    child.kill('SIGKILL');
    const lost = { code: 'ERR_PROVIDER_BAD_RESPONSE', mayBePaid: true };
    await expect(asked).rejects.toMatchObject({
      ...lost,
      message: expect.stringMatching(/may have been paid/),
    });
    await ended;
    provider.isHeld = false;
    expect(await startSender(storageFolder, provider.url, 'a').ended).toEqual(lost);
    expect(provider.paid).toBe(1);
    expect(await startSender(storageFolder, provider.url, 'b').ended).toMatchObject({ text: 'image 2' });
  });

  it('is sent once, whichever of several that ask at once is first', async () => {
    const { provider, storageFolder } = await createWorld();
    const senders = Array.from({ length: 4 }, () => startSender(storageFolder, provider.url, 'a').ended);
    for (const outcome of await Promise.all(senders)) expect(outcome).toMatchObject({ text: 'image 1' });
    expect(provider.paid).toBe(1);
  });
});
