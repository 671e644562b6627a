import { applyLoras } from '../checkpoint/apply-loras.js';
import type { Lora } from '../checkpoint/lora.js';
import type { Components, Family } from '../families/family.js';
import { loraScalesInput } from '../graph/blocks/low-rank.js';
import type { Graph } from '../graph/graph.js';
import { withFoldedUpsampling } from '../graph/passes/folded-upsampling.js';
import { withInt8Products } from '../graph/passes/int8-products.js';
import { takeFirstStep } from '../pipelines/first-step.js';
import { decoderPixelBytes, int8DecoderPixelBytes } from '../pipelines/tiling.js';
import { type TextualInversion, textualInversionOf } from '../prompt/textual-inversion.js';
import { NetworkGroup } from '../session/network-group.js';
import type { Checkpoint } from './checkpoint.js';
import { chooseArithmetic } from './choose-arithmetic.js';
import { filesOf } from './component-files.js';
import { cacheConditioning } from './conditioning-cache.js';
import { controlNetNames } from './controlnet-option.js';
import type { MountOptions, OpenedModel } from './opened-model.js';
import { addTinyDecoder } from './tiny-decoder.js';

/**
 * Writes the graphs of a checkpoint over the files as they lie. ONNX Runtime opens each when it first runs.
 *
 * @param families all that there are: they know what a LoRA was made for that does not fit
 * @throws ERR_MODEL_FILES_INVALID for configs that are not supported, and for weights or components that do
 * not fit each other
 */
export async function mountCheckpoint(
  checkpoint: Checkpoint,
  { memory, loras, tinyDecoder, arithmetic: asked = 'exact' }: MountOptions,
  families: readonly Family[],
): Promise<OpenedModel> {
  const networks = new NetworkGroup(memory);
  const denoiser = checkpoint.components[checkpoint.family.denoiser];
  const { arithmetic, reason } = await chooseArithmetic(asked, memory, denoiser);
  const isFast = arithmetic === 'fast';
  const inArithmetic = isFast ? networks.rewritten(withInt8Products) : networks;
  const decoders = isFast ? networks.rewritten(asFastDecoder) : networks;
  const warnings: string[] = [...checkpoint.warnings, ...loras.flatMap((lora) => lora.warnings)];
  if (reason) warnings.push(`precision had no effect: ${reason}.`);
  const components = withLoras(checkpoint, loras, families, (message) => warnings.push(message));
  const inversions = await Promise.all(loras.map(readBundledInversions));
  const model = await checkpoint.family.assemble({
    origin: checkpoint.origin,
    index: checkpoint.index,
    has: (name) => components[name] !== undefined,
    controlNets: controlNetNames(components),
    open: async (name, kind) =>
      await kind.mount(components[name]!, {
        networks: name === checkpoint.family.denoiser ? inArithmetic : networks,
        decoders,
        decoderPixelBytes: isFast ? int8DecoderPixelBytes : decoderPixelBytes,
        tokenizer: checkpoint.tokenizer,
      }),
  });
  const tiny = tinyDecoder && (await addTinyDecoder(tinyDecoder.path, model, networks));
  const weighLoras = (weights: readonly number[]) => {
    networks.commonInputs[loraScalesInput] = {
      data: Float32Array.from(weights),
      shape: [weights.length],
    };
  };
  weighLoras(loras.map(() => 1));
  const { schedulerConfig } = checkpoint;
  const decoding = {
    ...model,
    ...(tiny && { decodePreview: tiny.decode }),
    ...(tiny && tinyDecoder.use === 'always' && { decode: tiny.decode }),
  };
  return {
    ...decoding,
    // Without the cache of prompts: zeros are nothing to keep.
    costsOf: (request, isDecoded) =>
      networks.costsOf(() =>
        takeFirstStep(
          { ...decoding, schedulerConfig, networkMs: 0, release: async () => {} },
          request,
          isDecoded,
        ),
      ),
    condition: cacheConditioning(model.condition, () => [...networks.commonInputs[loraScalesInput]!.data]),
    schedulerConfig,
    files: [
      ...new Set([
        ...checkpoint.files,
        ...Object.values(components).flatMap(filesOf),
        ...loras.flatMap((lora) => lora.files),
        ...(tiny?.files ?? []),
      ]),
    ],
    get networkMs() {
      return networks.runMs;
    },
    get warnings() {
      return [...warnings, ...networks.warnings];
    },
    arithmetic,
    inversions: inversions.flat(),
    weighLoras,
    release: () => networks.release(),
  };
}

/** Folded in float32: rounded to int8, those layers would take as long and more memory. */
const asFastDecoder = (graph: Graph): Graph => withInt8Products(withFoldedUpsampling(graph));

function withLoras(
  { family, components }: Checkpoint,
  loras: readonly Lora[],
  families: readonly Family[],
  warn: (message: string) => void,
): Components {
  if (loras.length === 0) return components;
  const titleOfLora = (lora: Lora) =>
    families.map((each) => each.loras?.titleOfLora(lora)).find((title) => title !== undefined);
  const model = family.loras?.titleOfModel(components);
  return applyLoras(components, loras, { titleOfLora, model, warn });
}

/** The textual inversions that came in a LoRA's file. */
const readBundledInversions = ({ file, embeddings }: Lora): Promise<TextualInversion[]> =>
  Promise.all(
    [...embeddings].map(async ([word, tensors]) => ({
      ...(await textualInversionOf(file, tensors, word)),
      isBundled: true as const,
    })),
  );
