/**
 * Nothing phones home, and nothing is written where nobody looks: what the commands and all of their
 * processes ask of the system, as strace sees it.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readTrace, type Trace, tracedCalls } from './read-trace.js';

const command = fileURLToPath(new URL('../../core/bin/easel.js', import.meta.url));
/** Telemetry that packages send comes only after half a minute. */
const servedMs = 45_000;

/** A folder with a place for everything that may be written; its `home` is none. */
async function createPlaces() {
  const root = await mkdtemp(join(tmpdir(), 'easel-strace-'));
  onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 10 }));
  const [home, work, allowed] = ['home', 'work', 'allowed'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  const temporary = join(allowed, 'tmp');
  for (const folder of [home, work, temporary]) await mkdir(folder, { recursive: true });
  await writeFile(join(work, 'easel.config.json'), JSON.stringify({ storageFolder: join(allowed, 'kept') }));
  const environment = {
    PATH: process.env.PATH,
    HOME: home,
    TMPDIR: temporary,
    XDG_CACHE_HOME: join(allowed, 'cache'),
    HF_HOME: join(allowed, 'cache/huggingface'),
  };
  return { root, home, work, allowed, environment };
}
type Places = Awaited<ReturnType<typeof createPlaces>>;

function startTraced({ root, work, environment }: Places, words: readonly string[]) {
  const log = join(root, 'trace');
  const traced = [
    '-f',
    '-y',
    '-qq',
    '-s',
    '4096',
    '-e',
    `trace=${tracedCalls}`,
    '-e',
    'signal=none',
    '-o',
    log,
  ];
  const child = spawn('strace', [...traced, process.execPath, ...words], { cwd: work, env: environment });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(String(chunk)));
  const ended = once(child, 'exit').then(async ([status]) => {
    const trace = readTrace(await readFile(log, 'utf8'));
    return { status: status as number | null, said: said.join(''), trace };
  });
  return { child, ended };
}

const strayIn = ({ written }: Trace, { allowed }: Places) =>
  written.filter((path) => path !== allowed && !path.startsWith(`${allowed}/`));

describe('the trace itself', () => {
  it('shows a look-up and a file', async () => {
    const places = await createPlaces();
    const code = `
      require('node:fs').writeFileSync(process.env.HOME + '/stray', 'x');
      const { Resolver } = require('node:dns');
      const resolver = new Resolver({ timeout: 100, tries: 1 });
      resolver.setServers(['127.0.0.1']);
      resolver.resolve('example.test', () => process.exit(0));`;
    const { trace } = await startTraced(places, ['-e', code]).ended;
    expect(trace.connections).toEqual([expect.stringContaining('htons(53)')]);
    expect(strayIn(trace, places)).toEqual([join(places.home, 'stray')]);
  });
});

describe('a line of a trace', () => {
  it.each([
    [
      '7 connect(18<socket:[1]>, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 EINPROGRESS (x)',
      1,
    ],
    [
      '7 connect(18<socket:[1]>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28 <unfinished ...>\n8 close(3) = 0\n7 <... connect resumed>) = 0',
      1,
    ],
    [
      '7 connect(18<socket:[1]>, {sa_family=AF_INET, sin_port=htons(8190), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
      0,
    ],
    ['7 connect(18<socket:[1]>, {sa_family=AF_UNIX, sun_path="/tmp/s"}, 110) = 0', 0],
  ])('tells who is on the other end: %s', (line, count) => {
    expect(readTrace(line).connections).toHaveLength(count);
  });
});

describe('easel', () => {
  it('generate looks nothing up, connects to nobody, and writes nothing but its image', async () => {
    const places = await createPlaces();
    const out = join(places.allowed, 'star.png');
    const { status, said, trace } = await startTraced(places, [
      command,
      'generate',
      'a star',
      '--seed',
      '7',
      '--out',
      out,
    ]).ended;
    expect([status, said]).toEqual([0, expect.stringContaining('1 ')]);
    expect(trace.written).toContain(out);
    expect(trace.connections).toEqual([]);
    expect(strayIn(trace, places)).toEqual([]);
    expect(await readdir(places.home)).toEqual([]);
  });

  it('serve looks nothing up, connects to nobody, and writes to its storage folder alone', async () => {
    const places = await createPlaces();
    const { child, ended } = startTraced(places, [command, 'serve', '--port', '0', '--json']);
    onTestFinished(() => void child.kill('SIGKILL'));
    let url = '';
    for await (const line of createInterface(child.stdout)) {
      ({ url = '' } = JSON.parse(line) as { url?: string });
      if (url !== '') break;
    }
    const ask = async (prompt: string) =>
      await fetch(`${url}/api/images/generate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt }),
      });
    expect((await ask('a star')).status).toBe(200);
    await pause(servedMs);
    expect((await ask('a moon')).status).toBe(200);
    // strace hands on what is sent to its group; the command is its child.
    const [pid] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).split(' ');
    process.kill(Number(pid), 'SIGTERM');
    const { trace } = await ended;
    expect(trace.written.some((path) => path.includes('/kept/generations/'))).toBe(true);
    expect(trace.connections).toEqual([]);
    expect(strayIn(trace, places)).toEqual([]);
    expect(await readdir(places.home)).toEqual([]);
    expect(await readdir(join(places.allowed, 'kept/generations'))).toEqual([]);
  });
});
