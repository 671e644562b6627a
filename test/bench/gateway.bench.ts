/**
 * What a gateway costs: the same provider asked directly, through a bare proxy that does nothing, through
 * Easel and through Portkey, in one run: `npm run bench:gateway -- [--json] [--quick]`. Portkey is fetched
 * into a cache folder by the first run.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const portkeyVersion = '1.15.2';
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'easel-bench');
const children: ChildProcess[] = [];

interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly pid?: number | undefined;
}

/** Starts a process and answers the first line that matches. */
async function start(
  words: readonly string[],
  ready: RegExp,
  cwd?: string,
): Promise<{ line: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [...words], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of createInterface(child.stdout)) {
    if (!ready.test(line)) continue;
    child.stdout.resume();
    return { line, child };
  }
  throw new Error(`${words.join(' ')} ended before it was ready`);
}

async function startUpstream(bytes: number): Promise<string> {
  const { line } = await start([path('./gateway/upstream.js'), `${bytes}`], /^\d+$/);
  return `http://127.0.0.1:${line}`;
}

async function startProxy(upstream: string): Promise<Target> {
  const words = [path('./gateway/proxy.js'), `${upstream}/v1/images/generations`];
  const { line, child } = await start(words, /^\d+$/);
  return { name: 'bare proxy', url: `http://127.0.0.1:${line}`, headers: {}, pid: child.pid };
}

/** Its plugin in a thread, as its manifest says, or inside of the kernel, as Portkey has its providers. */
async function startEasel(upstream: string, folder: string, isolation: 'thread' | 'inline'): Promise<Target> {
  const configuration = {
    pluginFolders: [path('./gateway/plugins')],
    catalogueFolders: [path('./gateway/catalogue')],
    currentModel: 'upstream',
    storageFolder: 'kept',
    plugins: {
      upstream: { options: { url: `${upstream}/v1/images/generations` }, runtime: { isolation } },
    },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'easel.config.json'), JSON.stringify(configuration));
  const words = [path('../../core/bin/easel.js'), 'serve', '--port', '0', '--json'];
  const { line, child } = await start(words, /"url"/, folder);
  const { url } = JSON.parse(line) as { url: string };
  return { name: `easel, ${isolation}`, url: `${url}/v1/images/generations`, headers: {}, pid: child.pid };
}

async function startPortkey(upstream: string): Promise<Target> {
  const folder = join(cache, `portkey-${portkeyVersion}`);
  const entry = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  if (!existsSync(entry)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    const words = [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `@portkey-ai/gateway@${portkeyVersion}`,
    ];
    execFileSync('npm', words, { cwd: folder, stdio: 'ignore' });
  }
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn(process.execPath, [entry, '--headless', `--port=${port}`], { stdio: 'ignore' });
  children.push(child);
  const headers = {
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstream}/v1`,
    authorization: 'Bearer unused',
  };
  const url = `http://127.0.0.1:${port}/v1/images/generations`;
  const target = { name: 'portkey', url, headers, pid: child.pid };
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await ask(target).catch(() => 0)) > 0) return target;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('portkey does not answer');
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const body = JSON.stringify({ model: 'upstream', prompt: 'a yellow star at night', n: 1 });

/** Bytes of the answer, read to its end. */
const ask = ({ url, headers }: Target): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', ...headers },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`answered ${response.statusCode}`)),
      );
    });
    sent.end(body);
  });

async function measure(target: Target, calls: number, atOnce: number) {
  for (let call = 0; call < Math.min(20, calls); call++) await ask(target);
  const durations: number[] = [];
  const cpuFrom = await cpuMsOf(target.pid);
  let left = calls;
  const from = performance.now();
  const work = async () => {
    while (left-- > 0) {
      const startedAt = performance.now();
      await ask(target);
      durations.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const seconds = (performance.now() - from) / 1_000;
  const sorted = durations.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  const cpuMs = ((await cpuMsOf(target.pid)) - cpuFrom) / calls;
  return { p50: at(0.5), p99: at(0.99), perSecond: calls / seconds, cpuMs };
}

/** Of Linux's clock for processes, which ticks a hundred times a second. */
const tickMs = 10;

/** Milliseconds of the processor that a process has used: other work on the machine disturbs them least. */
async function cpuMsOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name, in brackets, may have spaces. Behind it, user time is the 12th field, system time the 13th.
  const [user, system] = status
    .slice(status.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return tickMs * (Number(user) + Number(system));
}

async function residentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024);
}

type Measured = Awaited<ReturnType<typeof measure>>;

/** Of several rounds, each figure's median. */
function medianOf(each: readonly Measured[]): Measured {
  const median = (pick: (one: Measured) => number) =>
    each.map(pick).toSorted((one, other) => one - other)[Math.floor(each.length / 2)] ?? Number.NaN;
  return {
    p50: median(({ p50 }) => p50),
    p99: median(({ p99 }) => p99),
    perSecond: median(({ perSecond }) => perSecond),
    cpuMs: median(({ cpuMs }) => cpuMs),
  };
}

/** The targets take turns so often, so that noise of the machine meets all of them. */
const rounds = 5;
const cases = [
  { name: '1 KB', bytes: 1_024, calls: 10_000 },
  { name: '2 MB', bytes: 2 * 1024 * 1024, calls: 150 },
];
const rows: Record<string, string | number>[] = [];
const limits: Record<string, number> = {};
const folder = await mkdtemp(join(tmpdir(), 'easel-gateway-'));
try {
  for (const { name, bytes, calls } of cases) {
    const upstream = await startUpstream(bytes);
    const direct: Target = { name: 'direct', url: `${upstream}/v1/images/generations`, headers: {} };
    const thread = await startEasel(upstream, join(folder, name, 'thread'), 'thread');
    const inline = await startEasel(upstream, join(folder, name, 'inline'), 'inline');
    const bare = await startProxy(upstream);
    const targets = [direct, bare, thread, inline, await startPortkey(upstream)];
    for (const atOnce of [1, 32]) {
      const count = flags.quick ? 40 : calls;
      const measured = new Map(targets.map((target) => [target.name, [] as Measured[]]));
      for (let round = 0; round < rounds; round++)
        for (const target of targets)
          measured.get(target.name)?.push(await measure(target, Math.ceil(count / rounds), atOnce));
      const medians = new Map([...measured].map(([key, each]) => [key, medianOf(each)]));
      const [plain, portkey] = [medians.get('direct'), medians.get('portkey')];
      if (!plain || !portkey) throw new Error('not all were measured');
      for (const { name: target, pid } of targets) {
        rows.push({
          ...{ body: name, atOnce, target, ...(medians.get(target) ?? plain) },
          peakMb: pid ? await residentMb(pid) : 0,
        });
      }
      for (const { name: gateway } of [bare, thread, inline]) {
        const { p50, perSecond, cpuMs } = medians.get(gateway) ?? plain;
        limits[`${gateway}: processor time at ${name}, ${atOnce} at once, / Portkey's`] =
          cpuMs / portkey.cpuMs;
        if (atOnce === 1)
          limits[`${gateway}: overhead at ${name}, p50, / Portkey's`] =
            (p50 - plain.p50) / (portkey.p50 - plain.p50);
        else
          limits[`${gateway}: throughput at ${name}, 32 at once, / Portkey's`] =
            perSecond / portkey.perSecond;
      }
    }
    for (const child of children.splice(0)) child.kill('SIGKILL');
  }
} finally {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
if (flags.json) console.log(JSON.stringify({ rows, limits }, null, 2));
else {
  console.table(
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [
          key,
          typeof value === 'number' ? Math.round(value * 100) / 100 : value,
        ]),
      ),
    ),
  );
  for (const [name, ratio] of Object.entries(limits)) console.log(`${name.padEnd(64)} ${ratio.toFixed(2)}`);
}
process.exit(0);
