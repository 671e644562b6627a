import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';

const run = promisify(execFile);
const deploy = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));

const dashboardSchema = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).optional() })),
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-deploy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await promisify(server.close.bind(server))();
  return port;
}

/** nginx with the example's configuration, its ports changed; ended when the test ends. */
async function startNginx(port: number, upstream: string): Promise<void> {
  const folder = await temporaryFolder();
  const example = (await readFile(deploy('nginx.conf'), 'utf8'))
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replace('http://127.0.0.1:8190', upstream);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const text = `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
    http { access_log off; ${temporary.join(' ')} ${example} }`;
  const file = join(folder, 'nginx.conf');
  await writeFile(file, text);
  const child = spawn('nginx', ['-c', file, '-e', join(folder, 'error.log')], { stdio: 'inherit' });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
}

describe('the examples for operators', () => {
  it.each([
    ['Caddy', 'caddy', ['validate', '--adapter', 'caddyfile', '--config', deploy('Caddyfile')]],
    ['Prometheus', 'promtool', ['check', 'rules', deploy('alerts.yaml')]],
  ])('are taken by %s', async (_, program, words) => {
    await expect(run(program, words)).resolves.toBeDefined();
  });

  it('are taken by systemd', async () => {
    const unit = join(await temporaryFolder(), 'easel.service');
    // It looks for the program.
    const text = await readFile(deploy('easel.service'), 'utf8');
    await writeFile(unit, text.replace('/usr/bin/node', process.execPath));
    await expect(run('systemd-analyze', ['verify', unit])).resolves.toBeDefined();
  });

  it('have alerts and a dashboard on metrics that there are', async () => {
    const { url } = await serveFrom(await createServeFolder());
    await fetch(`${url}/v1/images/generations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'anything' }),
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const file of ['alerts.yaml', 'grafana.json']) {
      const named = (await readFile(deploy(file), 'utf8')).match(/easel_\w+/g) ?? [];
      expect(named.length).toBeGreaterThan(3);
      for (const name of named)
        expect(metrics).toMatch(
          new RegExp(`^# TYPE ${name.replace(/_(bucket|count|sum)$/, '(_$1)?')} `, 'm'),
        );
    }
  });

  it('ask in the dashboard what Prometheus understands', async () => {
    const { panels } = dashboardSchema.parse(JSON.parse(await readFile(deploy('grafana.json'), 'utf8')));
    const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(asked.length).toBeGreaterThan(20);
    const rules = asked.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
    }));
    const file = join(await temporaryFolder(), 'panels.json');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    const { stdout } = await run('promtool', ['check', 'rules', file]);
    expect(stdout).toContain(`${asked.length} rules found`);
  });

  it.each(['EASEL_PUBLIC_URL', 'EASEL_PREFIX'])(
    'put it under a path behind nginx, where all URLs that it answers are right by %s',
    async (variable) => {
      const port = await freePort();
      const publicUrl = `http://127.0.0.1:${port}/easel`;
      const { url } = await serveFrom(await createServeFolder(), {
        environment: { [variable]: variable === 'EASEL_PREFIX' ? '/easel' : publicUrl },
      });
      await startNginx(port, url);
      await expect
        .poll(
          () =>
            fetch(`${publicUrl}/healthz`).then(
              ({ status }) => status,
              () => 0,
            ),
          { timeout: 30_000 },
        )
        .toBe(200);
      const accepted = await fetch(`${publicUrl}/api/images/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'anything' }),
      });
      expect(accepted.status).toBe(202);
      const location = new URL(accepted.headers.get('location') ?? '', publicUrl);
      expect(location.pathname).toMatch(/^\/easel\/api\/images\/jobs\//);
      const job = async () =>
        (await (await fetch(location)).json()) as { state: string; result?: { images: { url: string }[] } };
      await expect.poll(async () => (await job()).state, { timeout: 60_000 }).toBe('succeeded');
      const image = (await job()).result?.images[0]?.url ?? '';
      expect(image.startsWith(`${publicUrl}/`)).toBe(true);
      expect((await fetch(image)).status).toBe(200);
      const document = (await (await fetch(`${publicUrl}/openapi.json`)).json()) as { servers: unknown };
      expect(document.servers).toEqual([{ url: '/easel' }]);
      const page = await (await fetch(`${publicUrl}/docs/`)).text();
      const assets = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path = '']) => path);
      expect(assets).not.toEqual([]);
      for (const path of assets)
        expect((await fetch(new URL(path, `${publicUrl}/docs/`))).status, path).toBe(200);
    },
  );
});
