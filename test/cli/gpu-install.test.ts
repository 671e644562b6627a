import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { easel, workingFolder } from './easel.js';

/** A plugin that offers to fetch something, by a script of a package of its own. */
async function writePlugin(
  folder: string,
  script: string,
  packages: readonly string[] = ['absent', 'fetcher'],
): Promise<void> {
  const plugin = join(folder, 'plugins', 'fetching');
  const own = join(plugin, 'node_modules', 'fetcher');
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'package.json'), JSON.stringify({ name: 'fetcher', version: '1.0.0' }));
  await writeFile(join(own, 'fetch.js'), script);
  const downloads = [
    {
      name: 'gpu',
      description: 'a test',
      package: packages,
      script: 'fetch.js',
      environment: { WHAT: 'all' },
    },
  ];
  const manifest = {
    ...{ id: 'fetching', name: 'Fetching', version: '1.0.0', sdk: '^0.1.0', entry: 'index.js' },
    ...{ handles: [{ type: 'nothing' }], downloads },
  };
  await writeFile(join(plugin, 'plugin.json'), JSON.stringify(manifest));
  await writeFile(join(plugin, 'index.js'), '');
}

/**
 * Has the script of ONNX Runtime ask a proxy that is not there: a test fetches nothing, whatever it can
 * reach.
 */
async function refuseTheNetwork(): Promise<void> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  vi.stubEnv('GLOBAL_AGENT_HTTPS_PROXY', `http://127.0.0.1:${port}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

it("runs the script of a plugin's package", async () => {
  const folder = workingFolder({ pluginFolders: ['plugins'] });
  await writePlugin(folder, "require('node:fs').writeFileSync('fetched', process.env.WHAT)");
  await refuseTheNetwork();
  const { status, stderr } = await easel(folder, ['gpu', 'install']);
  const fetched = await readFile(join(folder, 'plugins/fetching/node_modules/fetcher/fetched'), 'utf8');
  expect(fetched).toBe('all');
  // ONNX Runtime's own script runs as well: with a proxy that is not there it fetches nothing, and says so.
  expect(stderr).toContain('NVIDIA');
  expect(stderr).toMatch(/ECONNREFUSED/);
  expect(stderr).toMatch(/ERR_PLUGIN_FAILED: The script of onnxruntime-node ended with status \d+/);
  expect(status).toBe(1);
});

it('says that no package that has the script is installed', async () => {
  const folder = workingFolder({ pluginFolders: ['plugins'] });
  await writePlugin(folder, '', ['absent', 'missing']);
  await refuseTheNetwork();
  const { status, stderr } = await easel(folder, ['gpu', 'install']);
  expect(stderr).toContain('The package that fetches it is not installed: absent or missing.');
  expect(status).toBe(1);
});

it('says that a script has failed', async () => {
  const folder = workingFolder({ pluginFolders: ['plugins'] });
  await writePlugin(folder, "console.error('no room'); process.exit(3)");
  await refuseTheNetwork();
  const { status, stderr } = await easel(folder, ['gpu', 'install', '--json']);
  expect(stderr).toContain('no room');
  expect(status).toBe(1);
});
