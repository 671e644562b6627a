import type { MemoryPlan } from '@easel/plugin-sdk';
import { readTextualInversion } from '../prompt/textual-inversion.js';
import { requireFit } from '../session/memory-plan.js';
import type { EngineCall } from './engine-call.js';
import { type CallListener, ImageRun, type Kept, type UnfinishedImage } from './image-run.js';
import type { Made } from './protocol.js';
import { decodeImage, readSource } from './read-source.js';

/**
 * Makes the images of one call, one after the other: on a processor a batch is no faster, and an image's
 * pixels must not depend on those that it is made with. Where there is a refiner, all of them go through the
 * first model before any goes through the second: there may be room for only one at a time.
 */
export async function makeImages(kept: Kept, call: EngineCall, listener: CallListener): Promise<Made> {
  const run = await begin(kept, call, listener);
  const plan = await run.plan();
  if (plan) requireFit(plan);
  const unfinished: UnfinishedImage[] = [];
  for (const image of call.seeds.keys()) unfinished.push(...(await run.begin(image)));
  for (const [image, begun] of unfinished.entries()) await run.refine(image, begun);
  listener.progress.finish();
  return run.made();
}

/** What a call would hold in memory. Undefined where nobody knows before it runs. */
export async function planCall(
  kept: Kept,
  call: EngineCall,
  listener: CallListener,
): Promise<MemoryPlan | undefined> {
  return await (await begin(kept, call, listener)).plan();
}

async function begin(kept: Kept, call: EngineCall, listener: CallListener): Promise<ImageRun> {
  const { embeddings, source, controls, width, height } = call;
  // Before a model is loaded in vain.
  const inversions = await Promise.all(embeddings.map(({ path, word }) => readTextualInversion(path, word)));
  const read = source && (await readSource(source, width, height));
  const { source: begun, warnings = [] } = read ?? {};
  const followed = await Promise.all(
    controls.map(({ image }, index) => decodeImage(image, `control.${index}.image`)),
  );
  const all = { call, inversions, source: begun, followed, sourceWarnings: warnings };
  return new ImageRun(kept, all, listener);
}
