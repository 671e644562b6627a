import { applyLoras } from '../checkpoint/apply-loras.js';
import type { Lora } from '../checkpoint/lora.js';
import type { Components, Family } from '../families/family.js';
import { loraScalesInput } from '../graph/blocks/low-rank.js';
import { NetworkGroup } from '../session/network-group.js';
import type { Checkpoint } from './checkpoint.js';
import { filesOf } from './component-files.js';
import { cacheConditioning } from './conditioning-cache.js';
import type { MountOptions, OpenedModel } from './opened-model.js';
import { addTinyDecoder } from './tiny-decoder.js';

/**
 * Writes the graphs of a checkpoint over the files as they lie. ONNX Runtime opens each when it first runs.
 *
 * @param families all that there are: they know what a LoRA was made for that does not fit
 * @throws ERR_MODEL_FILES_INVALID for configs that are not supported, and for weights or components that do not fit each other
 */
export async function mountCheckpoint(
  checkpoint: Checkpoint,
  { memory, loras, tinyDecoder }: MountOptions,
  families: readonly Family[],
): Promise<OpenedModel> {
  const networks = new NetworkGroup(memory);
  const components = withLoras(checkpoint, loras, families);
  const model = await checkpoint.family.assemble({
    origin: checkpoint.origin,
    index: checkpoint.index,
    has: (name) => components[name] !== undefined,
    open: async (name, kind) =>
      await kind.mount(components[name]!, { networks, tokenizer: checkpoint.tokenizer }),
  });
  const tiny = tinyDecoder && (await addTinyDecoder(tinyDecoder.path, model, networks));
  const weighLoras = (weights: readonly number[]) => {
    networks.commonInputs[loraScalesInput] = {
      data: Float32Array.from(weights),
      shape: [weights.length],
    };
  };
  weighLoras(loras.map(() => 1));
  return {
    ...model,
    ...(tiny && { decodePreview: tiny.decode }),
    ...(tiny && tinyDecoder.use === 'always' && { decode: tiny.decode }),
    condition: cacheConditioning(model.condition, () => [...networks.commonInputs[loraScalesInput]!.data]),
    schedulerConfig: checkpoint.schedulerConfig,
    files: [
      ...new Set([
        ...checkpoint.files,
        ...Object.values(components).flatMap(filesOf),
        ...loras.map(({ file }) => file),
        ...(tiny?.files ?? []),
      ]),
    ],
    get networkMs() {
      return networks.runMs;
    },
    get warnings() {
      return [...checkpoint.warnings, ...networks.warnings];
    },
    weighLoras,
    release: () => networks.release(),
  };
}

function withLoras(
  { family, components }: Checkpoint,
  loras: readonly Lora[],
  families: readonly Family[],
): Components {
  if (loras.length === 0) return components;
  const titleOfLora = (lora: Lora) =>
    families.map((each) => each.loras?.titleOfLora(lora)).find((title) => title !== undefined);
  return applyLoras(components, loras, { titleOfLora, model: family.loras?.titleOfModel(components) });
}
