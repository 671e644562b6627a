import { join } from 'node:path';
import { z } from 'zod';
import { applyLoras } from '../../../plugins/local-diffusion/src/checkpoint/apply-loras.js';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { openLora } from '../../../plugins/local-diffusion/src/checkpoint/lora.js';
import { families } from '../../../plugins/local-diffusion/src/families/index.js';
import { loraScalesInput } from '../../../plugins/local-diffusion/src/graph/blocks/low-rank.js';
import { readPipelineIndex } from '../../../plugins/local-diffusion/src/models/pipeline-index.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome } from '../case.js';
import { networkRuns } from '../network-runs.js';
import { readTensors } from '../tensors.js';
import type { LoraRun } from './lora-transformer.js';

const tolerance = 1e-4;
const configSchema = z.looseObject({ _class_name: z.string() });

/** Compares what the transformer of a folder makes with a LoRA, whatever its family. */
export async function compareFamilyLora(
  base: string,
  file: string,
  tensorFile: string,
  { id, outputs, scale, scalars }: LoraRun,
): Promise<CaseOutcome> {
  const tensors = await readTensors(tensorFile, (name) => name.startsWith(`${id}.`));
  const { family } = await readPipelineIndex(base, families);
  const warnings: string[] = [];
  const { transformer } = applyLoras(
    { transformer: await openComponent(join(base, 'transformer')) },
    [await openLora(file, family.loras?.targets ?? [])],
    { titleOfLora: () => undefined, model: undefined, warn: (message) => warnings.push(message) },
  );
  if (warnings.length > 0) return { status: 'failed', detail: warnings.join(' ') };
  const inputs = new Map([
    ...[...tensors].map(([key, values]) => [key.replace(`${id}.in.`, ''), values] as const),
    [loraScalesInput, { shape: [1], data: Float32Array.of(scale) }] as const,
  ]);
  const run = networkRuns[configSchema.parse(transformer.config)._class_name]!;
  const made = await run(transformer, Object.keys(outputs), { inputs, scalars });
  const errors = Object.keys(outputs).map((name) => {
    const expected = tensors.get(`${id}.out.${name}`)?.data as Float32Array;
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return largestError(made.get(name) ?? [], expected, 'absolute') / largest;
  });
  const worst = Math.max(...errors);
  const detail = `weight ${scale}: largest error ${worst.toExponential(1)} of the largest value`;
  return { status: worst <= tolerance ? 'passed' : 'failed', detail };
}
