import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfiguration } from '../../core/src/config/read-configuration.js';
import { settingNames } from '../../core/src/config/setting-names.js';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel, workingFolder } from './easel.js';

const key = 'operators-own-key-0123456789';
const answerOf = async (url: string, headers: Record<string, string> = {}) =>
  (await fetch(`${url}/api/images/models`, { headers })).status;

describe('the path under which a proxy has the server', () => {
  it.each([
    [{ EASEL_PREFIX: '/easel' }, '/easel'],
    [{ EASEL_PUBLIC_URL: 'https://pictures.example/tools/easel/' }, '/tools/easel'],
    [{ EASEL_PUBLIC_URL: 'https://pictures.example/a', EASEL_PREFIX: '/b' }, '/b'],
    [{}, ''],
  ])('is taken from %j', async (environment, prefix) => {
    const { url } = await serveFrom(await createServeFolder(), { environment });
    for (const path of new Set([prefix, ''])) {
      const document = (await (await fetch(`${url}${path}/openapi.json`)).json()) as { servers: unknown };
      expect(document.servers).toEqual([{ url: prefix || '/' }]);
    }
  });

  it('is refused where it is none', async () => {
    const { status, stderr } = await easel(workingFolder(), ['serve', '--prefix', 'easel', '--port', '0']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('prefix');
  });
});

describe('settings out of the environment', () => {
  it('go before those of the file', () => {
    const environment = {
      EASEL_STORAGE: '/srv/easel',
      EASEL_PORT: '9000',
      EASEL_OPEN_WITHOUT_KEYS: 'true',
      EASEL_CORS_ORIGINS: 'https://a.example, https://b.example',
      EASEL_PLUGIN_FOLDERS: '/srv/one:/srv/two',
      EASEL_PLUGINS: '{"gemini": {"enabled": false}}',
      EASEL_ON_DISCONNECT: 'store',
      EASEL_RETRIES: '',
    };
    const configFile = join(
      workingFolder({ retries: 5, server: { port: 1, bodyMb: 3 } }),
      'easel.config.json',
    );
    const read = readConfiguration({ configFile, environment, bundled: false });
    expect(read).toMatchObject({
      storageFolder: '/srv/easel',
      pluginFolders: ['/srv/one', '/srv/two'],
      retries: 5,
      currentModel: 'steady-one',
      server: {
        port: 9000,
        bodyMb: 3,
        openWithoutKeys: true,
        corsOrigins: ['https://a.example', 'https://b.example'],
        onDisconnect: 'store',
      },
    });
    expect(read.plugins.gemini?.enabled).toBe(false);
    const named = readConfiguration({ environment: { ...environment, EASEL_CONFIG: configFile } });
    expect(named.server.bodyMb).toBe(3);
  });

  it('leave a configuration that a host app gives as it is, but for where to keep things', () => {
    const environment = { EASEL_STORAGE: '/srv/easel', EASEL_PORT: '9000' };
    const read = readConfiguration({ configuration: {}, environment });
    expect([read.server.port, read.storageFolder]).toEqual([8190, '/srv/easel']);
    const own = readConfiguration({ configuration: { storageFolder: '/srv/own' }, environment });
    expect(own.storageFolder).toBe('/srv/own');
  });

  it('may hold several values, as JSON', () => {
    const read = readConfiguration({
      folder: '/srv',
      bundled: false,
      environment: {
        EASEL_STORAGE: '/srv/easel',
        EASEL_CONTENT_CREDENTIALS: '{"certificate": "chain.pem", "key": "key.pem"}',
        EASEL_MODEL_ALIASES: '{"gpt-image-1": "picturebook"}',
        EASEL_FALLBACKS: '{"a": ["b"]}',
      },
    });
    expect(read).toMatchObject({
      contentCredentials: { certificate: '/srv/chain.pem', key: '/srv/key.pem' },
      modelAliases: { 'gpt-image-1': 'picturebook' },
      fallbacks: { a: ['b'] },
    });
  });

  it.each([
    ['EASEL_CONTENT_CREDENTIALS', 'yes', /EASEL_CONTENT_CREDENTIALS: must be JSON/],
    ['EASEL_PORT', 'http', /EASEL_PORT: .*number/],
    ['EASEL_PORT', '70000', /EASEL_PORT: .*65535/],
    ['EASEL_CACHE_RESULTS', 'yes', /EASEL_CACHE_RESULTS: .*boolean/],
    ['EASEL_ON_DISCONNECT', 'drop', /EASEL_ON_DISCONNECT: .*"cancel"\|"store"/],
    ['EASEL_PLUGINS', '{"gemini"', /EASEL_PLUGINS: must be JSON/],
    ['EASEL_PUBLIC_URL', 'here', /EASEL_PUBLIC_URL: .*URL/],
  ])('%s=%s is refused by its name', (variable, value, message) => {
    expect(() => readConfiguration({ environment: { [variable]: value, EASEL_STORAGE: '/srv' } })).toThrow(
      message,
    );
  });

  it('explains the variable that Kubernetes sets for a service', () => {
    const environment = { EASEL_PORT: 'tcp://10.0.0.7:8190', EASEL_STORAGE: '/srv' };
    expect(() => readConfiguration({ environment })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('enableServiceLinks: false') }),
    );
  });

  it('are all listed by the help of serve', async () => {
    const { stdout } = await easel(workingFolder(), ['serve', '--help']);
    for (const { variable, path } of settingNames) expect(stdout).toMatch(new RegExp(`${variable} +${path}`));
    expect(stdout).toMatch(/EASEL_CONFIG[\s\S]*EASEL_API_KEY/);
  });
});

describe('EASEL_API_KEY', () => {
  it('is a key beside those of the file, and lets the server listen beyond this machine', async () => {
    const folder = await createServeFolder();
    const { url } = await serveFrom(folder, { environment: { EASEL_API_KEY: key, EASEL_HOST: '0.0.0.0' } });
    expect(await answerOf(url)).toBe(401);
    expect(await answerOf(url, { authorization: `Bearer ${key}x` })).toBe(401);
    expect(await answerOf(url, { authorization: `Bearer ${key}` })).toBe(200);
    const admin = await fetch(`${url}/api/admin/plugins`, { headers: { authorization: `Bearer ${key}` } });
    expect(admin.status).toBe(200);
    expect(readdirSync(join(folder, 'kept'))).not.toContain('keys.json');
    const { stdout } = await easel(folder, ['keys', 'create', 'another']);
    expect(await answerOf(url, { authorization: `Bearer ${stdout.trim()}` })).toBe(200);
    expect(await answerOf(url, { authorization: `Bearer ${key}` })).toBe(200);
  });

  it('signs the URLs of images, which outlive a restart', async () => {
    const folder = await createServeFolder();
    const environment = { EASEL_API_KEY: key };
    const first = await serveFrom(folder, { environment });
    const response = await fetch(`${first.url}/api/images/generate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'x' }),
    });
    const { pathname, search } = new URL(((await response.json()) as { image_url: string }).image_url);
    const ended = new Promise((resolve) => first.child.once('exit', resolve));
    first.child.kill('SIGTERM');
    await ended;
    const { url } = await serveFrom(folder, { environment });
    expect((await fetch(`${url}${pathname}${search}`)).status).toBe(200);
    expect((await fetch(`${url}${pathname}`)).status).toBe(401);
  });

  it('has to be one that cannot be guessed', async () => {
    const folder = workingFolder({ storageFolder: 'kept' });
    const { status, stderr } = await easel(folder, ['serve', '--port', '0'], '', { EASEL_API_KEY: 'secret' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/EASEL_API_KEY is not a key[\s\S]*openssl rand/);
    expect(stderr).not.toContain('"secret"');
  });
});

describe('a user without a home folder', () => {
  it.each([
    ['', /ERR_CONFIG_INVALID: There is no home folder/],
    ['/dev/null', /ERR_CONFIG_INVALID: .*\/dev\/null\/.easel.*ENOTDIR/],
    ['/proc/nobody', /ERR_STORAGE: The storage folder \/proc\/nobody\/\.easel cannot be written to/],
    ['/sys', /ERR_STORAGE: The storage folder \/sys\/\.easel cannot be written to/],
  ])('HOME=%s: is told to set EASEL_STORAGE', async (home, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'easel-homeless-'));
    onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 10 }));
    const { status, stderr } = await easel(folder, ['serve', '--port', '0'], '', { HOME: home });
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('Set EASEL_STORAGE');
  });
});
