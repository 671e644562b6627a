import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { decomposableOperators } from '../graph/passes/decomposition.js';
import { precisions } from '../graph/passes/precision.js';
import { isProcessAlive } from './execution-process.js';
import type { ExecutionProvider } from './execution-providers.js';
import { type SelfTestVerdict, testDevice } from './self-test.js';
import { describeMachine, hashOf } from './self-test-device.js';

const verdictSchema = z.discriminatedUnion('usable', [
  z.object({
    usable: z.literal(true),
    decompose: z.array(z.enum(decomposableOperators)),
    precision: z.enum(precisions),
    speedup: z.number(),
    error: z.number(),
  }),
  z.object({ usable: z.literal(false), opened: z.boolean(), reason: z.string() }),
]);

/** Rises with every change of what is tested. */
const testVersion = 3;

/** What the tests of devices need from outside. */
export interface SelfTestPlace {
  /** Folder that results are kept in. Absent: each process tests anew. */
  readonly folder: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Absent: {@link testDevice}. */
  readonly test?: (provider: ExecutionProvider) => Promise<SelfTestVerdict>;
}

/**
 * The verdict on a device of this machine, tested once and then read from the folder.
 *
 * A driver may end the whole process. So a file says that a test is running; whoever finds it of a process
 * that is no more does not try again.
 */
export async function verdictOn(provider: ExecutionProvider, place: SelfTestPlace): Promise<SelfTestVerdict> {
  const { folder, environment, test = testDevice } = place;
  if (folder === undefined) return await test(provider);
  const key = hashOf([testVersion, provider, describeMachine(environment)].join('\n'));
  const file = join(folder, `${provider}-${key}.json`);
  const runningFile = join(folder, `${provider}-${key}.running`);
  const known = await readVerdict(file);
  if (known) return known;
  const running = await readFile(runningFile, 'utf8').catch(() => undefined);
  // One's own number on it is that of an earlier process: a container counts from the same start again.
  if (running !== undefined && (Number(running) === process.pid || !isProcessAlive(Number(running)))) {
    const reason = `its test ended the whole process; to try again remove ${runningFile}`;
    return { usable: false, opened: true, reason };
  }
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(runningFile, String(process.pid));
  } catch {
    // A folder that cannot be written to costs a test a start, no more.
    return await test(provider);
  }
  const verdict = await test(provider);
  // What could not be opened may be repaired at any time, and costs milliseconds to try.
  if (verdict.usable || verdict.opened) await writeWhole(file, JSON.stringify(verdict));
  await rm(runningFile, { force: true });
  return verdict;
}

async function readVerdict(file: string): Promise<SelfTestVerdict | undefined> {
  try {
    return verdictSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}
