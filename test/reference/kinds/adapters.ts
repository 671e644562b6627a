import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { applyLoras } from '../../../plugins/local-diffusion/src/checkpoint/apply-loras.js';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { openLora } from '../../../plugins/local-diffusion/src/checkpoint/lora.js';
import { unetAndClipTargets } from '../../../plugins/local-diffusion/src/families/components/lora-targets.js';
import { loraScalesInput } from '../../../plugins/local-diffusion/src/graph/blocks/low-rank.js';
import { unetGraph } from '../../../plugins/local-diffusion/src/networks/unet/unet.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome, ReferenceCase, ReferenceKind } from '../case.js';
import { encodeText } from '../encode-text.js';
import { runGraph } from '../run-graph.js';
import { readTensors, type TensorValues } from '../tensors.js';

const tolerance = 1e-4;

const caseSchema = z.looseObject({
  id: z.string(),
  file: z.string().optional(),
  folder: z.string().optional(),
  expected: z.string(),
  base: z.string().default('d_pipelines/sd_pipeline'),
  inputs: z.string().default('inputs_sd15.safetensors'),
  note: z.string().default(''),
});
type AdapterCase = z.output<typeof caseSchema>;
const fileSchema = z.object({ cases: z.array(caseSchema) });

/** Adapters of LyCORIS's kinds and of PEFT over the networks of a folder: `adapters.json`, `peft.json`. */
export const adapters: ReferenceKind = {
  folder: 'l_adapters',
  async cases(folder) {
    const files = await Promise.all(
      ['adapters.json', 'peft.json'].map(async (name) => {
        const text = await readFile(join(folder, name), 'utf8');
        return fileSchema.parse(JSON.parse(text)).cases;
      }),
    );
    return files.flat().map((each): ReferenceCase => ({ id: each.id, run: () => compare(folder, each) }));
  },
};

/**
 * What networks give with the adapter at the weights of the case: `out_sample@0.6`, `te_last_hidden_state@1`.
 */
async function compare(folder: string, { file, folder: own, ...entry }: AdapterCase): Promise<CaseOutcome> {
  const expected = await readTensors(join(folder, entry.expected), (name) => /^[\w.]+@[\d.]+$/.test(name));
  const outputs = [...expected].filter(([name]) => !name.includes('.weight@') && !name.includes('.bias@'));
  const inputs = await readTensors(join(folder, entry.inputs));
  const base = join(dirname(folder), entry.base);
  const isXl = inputs.has('text_embeds');
  const warnings: string[] = [];
  const components = applyLoras(
    {
      unet: await openComponent(join(base, 'unet')),
      text_encoder: await openComponent(join(base, 'text_encoder')),
      text_encoder_2: isXl ? await openComponent(join(base, 'text_encoder_2')) : undefined,
    },
    [await openLora(join(folder, file ?? own ?? ''), unetAndClipTargets)],
    { titleOfLora: () => undefined, model: undefined, warn: (message) => warnings.push(message) },
  );
  if (warnings.length > 0) return { status: 'failed', detail: warnings.join(' ') };
  const errors: number[] = [];
  for (const scale of new Set(outputs.map(([name]) => name.split('@')[1]!))) {
    const scales: TensorValues = { shape: [1], data: Float32Array.of(Number(scale)) };
    const given = new Map([...inputs, [loraScalesInput, scales] as const]);
    const ids = (name: string) => inputs.get(name) ?? inputs.get('input_ids');
    const results = new Map([
      ...(await runGraph(unetGraph(components.unet), given)),
      ...(await encodeText(isXl ? 'te1' : 'te', components.text_encoder, ids('input_ids_1'), scales)),
      ...(await encodeText('te2', components.text_encoder_2, ids('input_ids_2'), scales)),
    ]);
    for (const [name, { data }] of outputs) {
      const [output, own] = name.split('@');
      if (own !== scale) continue;
      const values = data as Float32Array;
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      errors.push(largestError(results.get(output!) ?? [], values, 'absolute') / largest);
    }
  }
  const worst = Math.max(...errors);
  return {
    status: errors.length > 0 && worst <= tolerance ? 'passed' : 'failed',
    detail: `largest error ${worst.toExponential(1)} of the largest value, ${errors.length} outputs: ${entry.note}`,
  };
}
