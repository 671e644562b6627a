import { join } from 'node:path';
import { applyLoras } from '../../../plugins/local-diffusion/src/checkpoint/apply-loras.js';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { openLora } from '../../../plugins/local-diffusion/src/checkpoint/lora.js';
import { fluxLoras } from '../../../plugins/local-diffusion/src/families/flux/loras.js';
import { fluxTransformerGraph } from '../../../plugins/local-diffusion/src/families/flux/network/flux-transformer.js';
import { loraScalesInput } from '../../../plugins/local-diffusion/src/graph/blocks/low-rank.js';
import { clipTextGraph } from '../../../plugins/local-diffusion/src/networks/clip/clip-text.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome } from '../case.js';
import { runGraph } from '../run-graph.js';
import { readTensors, type TensorValues } from '../tensors.js';

const tolerance = 1e-4;

/** A case of a LoRA over networks. */
export interface LoraRun {
  readonly id: string;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly scalars: Readonly<Record<string, unknown>>;
  /** The weight of the LoRA. */
  readonly scale: number;
}

/** Compares what FLUX's transformer and CLIP make with a LoRA. */
export async function compareTransformerLora(
  base: string,
  file: string,
  tensorFile: string,
  { id, outputs, scale }: LoraRun,
): Promise<CaseOutcome> {
  const tensors = await readTensors(tensorFile, (name) => name.startsWith(`${id}.`));
  const warnings: string[] = [];
  const { transformer, text_encoder: clip } = applyLoras(
    {
      transformer: await openComponent(join(base, 'transformer')),
      text_encoder: await openComponent(join(base, 'text_encoder')),
    },
    [await openLora(file, fluxLoras.targets)],
    { titleOfLora: () => undefined, model: undefined, warn: (message) => warnings.push(message) },
  );
  if (warnings.length > 0) return { status: 'failed', detail: warnings.join(' ') };
  const scales: TensorValues = { shape: [1], data: Float32Array.of(scale) };
  const inputs = new Map([
    ...[...tensors].map(([key, values]) => [key.replace(`${id}.in.`, ''), values] as const),
    [loraScalesInput, scales] as const,
  ]);
  const image = await runGraph(fluxTransformerGraph(transformer), inputs);
  const text = await runGraph(clipTextGraph(clip, { hiddenStates: false }), inputs);
  const made = new Map([
    ['sample', image.get('out_hidden_states')],
    ['clip_last_hidden_state', text.get('last_hidden_state')],
    ['clip_pooled', text.get('pooler_output')],
  ]);
  const errors = Object.keys(outputs).map((name) => {
    const expected = tensors.get(`${id}.out.${name}`)?.data as Float32Array;
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return largestError(made.get(name) ?? [], expected, 'absolute') / largest;
  });
  const worst = Math.max(...errors);
  const detail = `weight ${scale}: largest error ${worst.toExponential(1)} of the largest value`;
  return { status: worst <= tolerance ? 'passed' : 'failed', detail };
}
