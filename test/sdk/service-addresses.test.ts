/**
 * Where a provider's key goes: to the addresses that its answers name at hosts of its own, and to no others.
 *
 * @module
 */
import { type Answer, HttpEmulator } from '@easel/plugin-sdk/emulator';
import { Service } from '@easel/plugin-sdk/provider';
import { expect, it, onTestFinished } from 'vitest';

const key = 'a-secret';

/** A server that answers with the key that it was given. */
async function startHost(): Promise<string> {
  const emulator = await HttpEmulator.start({
    port: 0,
    handle: async ({ headers }): Promise<Answer> => ({ status: 200, body: { key: headers['x-key'] } }),
  });
  onTestFinished(() => emulator.close());
  return emulator.url;
}

const serviceAt = (baseUrl: string, hosts?: readonly string[]) => {
  const more = hosts ? { hosts } : {};
  return new Service({
    name: 'Example',
    ...{ baseUrl, headers: { 'x-key': key }, timeoutMs: 10_000, failures: [], ...more },
  });
};

const ask = async (service: Service, url: string) => {
  const { json } = await service.ask({ url, signal: new AbortController().signal });
  return json;
};

it('goes to another port of the emulator where the service has other hosts', async () => {
  const [base, other] = [await startHost(), await startHost()];
  expect(await ask(serviceAt(base, ['.example.com']), `${other}/watch/1`)).toEqual({ key });
});

it('stays at the port of the service where it has no other hosts', async () => {
  const [base, other] = [await startHost(), await startHost()];
  expect(await ask(serviceAt(base), `${base}/watch/1`)).toEqual({ key });
  await expect(ask(serviceAt(base), `${other}/watch/1`)).rejects.toThrow('which is not its own');
});

it.each([
  ['https://example.com.evil.test/watch/1', ['.example.com']],
  ['https://evil-example.com/watch/1', ['.example.com']],
  ['http://poll.example.com/watch/1', ['.example.com']],
  ['http://127.0.0.1:1/watch/1', ['.example.com']],
  ['urn:example:1', ['.example.com']],
])('does not leave the hosts of a service for %s', async (url, hosts) => {
  const service = serviceAt('https://api.example.com', hosts);
  await expect(ask(service, url)).rejects.toMatchObject({ code: 'ERR_PROVIDER_BAD_RESPONSE' });
});

it('does not leave the name of this machine for another of its names', async () => {
  const [base, other] = [await startHost(), await startHost()];
  const elsewhere = other.replace('127.0.0.1', 'localhost');
  await expect(ask(serviceAt(base, ['.example.com']), elsewhere)).rejects.toThrow('which is not its own');
});
