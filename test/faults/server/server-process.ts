import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Provider, patientRuntime, type Site } from '../site.js';

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));

/**
 * How a server is ended: by a signal, or by SIGKILL together with the processes of its plugins, as when a
 * container is.
 */
export type Ending = 'SIGKILL' | 'SIGTERM' | 'all';

/** `easel serve` over one storage folder, killed and started again as often as one likes. */
export class ServerProcess {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #url: Promise<string> = Promise.reject(new Error('it was not started'));
  /** The last lines that it wrote to stderr. */
  readonly lines: string[] = [];

  private constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#environment = environment;
    this.#url.catch(() => {});
  }

  /** Prepares a folder whose configuration leads the provider's plugin to the emulator. */
  static async create({ plugin, model, secrets }: Provider, site: Site): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'easel-faults-'));
    const configuration = {
      currentModel: model,
      storageFolder: 'kept',
      catalogueFolders: ['parasail', 'openai', 'server'].map((name) =>
        path(`test/fixtures/${name}-catalogue`),
      ),
      retries: 10,
      // An open circuit would hide what the faults do.
      plugins: {
        [plugin]: { options: site.options, breaker: { minimumCalls: 10_000 }, runtime: patientRuntime },
      },
    };
    await writeFile(join(folder, 'easel.config.json'), JSON.stringify(configuration));
    return new ServerProcess(folder, { ...process.env, ...secrets, HOME: folder });
  }

  /** The address of the one that runs, or of the next one. */
  get url(): Promise<string> {
    return this.#url;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [path('core/bin/easel.js'), 'serve', '--port', '0', '--json'], {
      cwd: this.#folder,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    createInterface(child.stderr).on('line', (line) => this.lines.splice(0, this.lines.push(line) - 50));
    this.#url = readUrl(child, this.lines);
    this.#url.catch(() => {});
    await this.#url;
  }

  /** Ends it, waits for that and starts another one. */
  async restart(ending: Ending): Promise<void> {
    const plugins = ending === 'all' ? childrenOf(this.#child?.pid) : [];
    const ended = this.#end(ending === 'all' ? 'SIGKILL' : ending);
    for (const pid of plugins) kill(pid);
    await ended;
    await this.start();
  }

  async close(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** Processes that one has started. */
const childrenOf = (pid: number | undefined): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);

/** Undefined: it has ended. */
function parentOf(pid: string): number | undefined {
  try {
    // proc(5): the name, in brackets, may have anything in it; its state and its parent follow.
    return Number(/^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The first line that names it. What follows is read, and dropped: a full pipe would stop the server. */
async function readUrl(child: ChildProcess, lines: readonly string[]): Promise<string> {
  const output = createInterface(child.stdout as NodeJS.ReadableStream);
  return await new Promise<string>((resolve, reject) => {
    output.on('line', (line) => {
      const url = /"url":"([^"]+)"/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (status) => reject(new Error(`the server ended (${status}): ${lines.join('\n')}`)));
  });
}
