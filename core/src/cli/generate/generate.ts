import { relative } from 'node:path';
import type { Warning } from '@easel/plugin-sdk';
import type { ImageServiceManager } from '../../kernel/image-service-manager.js';
import { textOf } from '../../kernel/routing/preferences.js';
import { openImageMarker } from '../../results/content-credentials/mark-images.js';
import { readDestination } from '../../results/destination.js';
import type { ImageResult } from '../../results/image-result.js';
import { type SavedImages, saveImages } from '../../results/save-images.js';
import { openKernel } from '../open-kernel.js';
import { exitStatus } from '../terminal/exit-status.js';
import { type Interruption, watchForInterruption } from '../terminal/interruption.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import { fewStepsHint } from './few-steps.js';
import type { GenerateFlags } from './flags.js';
import { formatFromFlags, inFast, mergeRequests, readLike, requestFromFlags } from './generate-request.js';
import { createProgressBar, createProgressLines, noProgress, type ProgressDisplay } from './progress.js';
import { readControls, readImages } from './read-images.js';
import { readPrompt } from './read-prompt.js';

/** `easel generate`: answers the exit status. */
export async function generate(prompt: string | undefined, flags: GenerateFlags): Promise<number> {
  const interruption = watchForInterruption();
  try {
    await makeAndSave(prompt, flags, interruption);
    return interruption.status ?? exitStatus.ok;
  } catch (error) {
    if (interruption.status === undefined) throw error;
    // Whatever went wrong after Ctrl-C went wrong because of it: a terminal interrupts the plugins' processes
    // too.
    const message = 'The command was stopped; what it was making was not written.';
    if (flags.json) printJson({ error: { code: 'ERR_ABORTED', message, hint: 'Nothing to do.' } });
    printNote(message);
    return interruption.status;
  }
}

async function makeAndSave(
  promptArgument: string | undefined,
  flags: GenerateFlags,
  { signal }: Interruption,
): Promise<void> {
  if (flags.quiet && flags.verbose) throw new UsageError('--quiet and --verbose contradict each other');
  const asked = { ...requestFromFlags(flags), ...(await readImages(flags)), ...(await readControls(flags)) };
  const destination = readDestination(flags.out, process.cwd());
  const outputFormat = formatFromFlags(flags, destination);
  const like = flags.like === undefined ? undefined : await readLike(flags.like);
  const prompt = await readPrompt(promptArgument, { isOptional: like !== undefined, signal });
  const merged = {
    ...mergeRequests(like?.request, prompt, asked),
    ...(outputFormat === undefined ? {} : { outputFormat }),
  };

  await using manager = await openKernel(flags);
  assertPluginsExist(manager, Object.keys(asked.providerOptions ?? {}));
  const list = () => manager.getAvailableModels();
  const request = flags.fast ? inFast(merged, list()) : merged;
  const hint = flags.quiet ? undefined : fewStepsHint(request, list);
  if (hint) printNote(`note: ${hint}`);
  const mark = await openImageMarker(manager.configuration.contentCredentials);
  const display = await chooseDisplay(flags);
  signal.addEventListener('abort', display.stop, { once: true });
  const save = async (result: ImageResult) => {
    display.stop();
    const embedded = await mark(result, request.inputImages?.length ? 'edited' : 'made');
    const saved = await saveImages(embedded, { out: flags.out });
    report(flags, embedded, saved, [...(like?.warnings ?? []), ...embedded.warnings, ...saved.warnings]);
  };
  let saving: Promise<void> | undefined;
  const onResult = async (result: ImageResult) => {
    saving = save(result);
    await saving;
  };
  try {
    await manager.generateImage(request, { signal, onProgress: display.show, onResult });
  } catch (error) {
    // What is being written is written whole, whoever interrupts.
    if (saving === undefined) throw error;
    await saving;
  } finally {
    display.stop();
  }
}

/** An option for a plugin that is not there would have no effect, and nobody would say so. */
function assertPluginsExist(manager: ImageServiceManager, ids: readonly string[]): void {
  const known = manager.getServiceHealth().plugins.map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return;
  throw new UsageError(
    `--option ${unknown}: there is no such plugin; there are: ${known.join(', ') || 'none'}`,
  );
}

async function chooseDisplay({ quiet, verbose }: GenerateFlags): Promise<ProgressDisplay> {
  if (quiet) return noProgress;
  // Log lines would tear a bar apart.
  return process.stderr.isTTY && !verbose ? await createProgressBar() : createProgressLines();
}

function report(
  flags: GenerateFlags,
  { provenance, timings, cost }: ImageResult,
  { files }: SavedImages,
  warnings: readonly Warning[],
): void {
  if (!flags.quiet) {
    for (const { message } of warnings) printNote(`warning: ${message}`);
    const seconds = ((timings.total ?? 0) / 1_000).toFixed(1);
    const count = files.length === 1 ? '1 picture' : `${files.length} pictures`;
    const price = cost ? ` for ${textOf(cost)}` : '';
    printNote(`${count} by ${provenance.model}${price} in ${seconds} s, ${seedsOf(files)}`);
  }
  if (flags.json) {
    const seeds = files.map(({ seed }) => seed ?? null);
    printJson({ files, seeds, warnings, provenance, timings, ...(cost ? { cost } : {}) });
    return;
  }
  for (const { path } of files) printLine(shortest(path));
}

function seedsOf(files: SavedImages['files']): string {
  const seeds = files.flatMap(({ seed }) => (seed === undefined ? [] : [seed]));
  return seeds.length === 0 ? 'no seed' : `seed ${seeds.join(', ')}`;
}

/** Relative to the working directory for what is inside of it, as one would type it. */
function shortest(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside.startsWith('..') || inside.startsWith('/') ? path : inside;
}
