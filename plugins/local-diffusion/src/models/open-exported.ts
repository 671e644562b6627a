import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readText } from '../checkpoint/read-file.js';
import { type Dialect, decoderDialect, encoderDialect } from '../exported/dialects.js';
import { exportedFiles } from '../exported/exported-files.js';
import { ExportedNetwork } from '../exported/exported-network.js';

import type { ExportedSite } from '../exported/exported-site.js';
import type { ComponentSource, ExportedKind } from '../families/component-kind.js';
import type { PredictionType } from '../families/prediction-type.js';
import { readSchedulerConfig } from '../sampling/scheduler-config/scheduler-config.js';
import type { NetworkMemory } from '../session/network-memory.js';
import type { ArithmeticSetting, TinyDecoder } from './model-files.js';
import type { OpenedModel } from './opened-model.js';
import { componentNamesOf, type PipelineIndex } from './pipeline-index.js';
import { withPrediction } from './told-prediction.js';

/** What was asked to be changed of an exported model. */
export interface ExportedChanges {
  readonly loras: readonly string[];
  readonly controlNets: readonly string[];
  readonly vae: string | undefined;
  readonly tinyDecoder: TinyDecoder | undefined;
  readonly predictionType: PredictionType | undefined;
  readonly arithmetic: ArithmeticSetting | undefined;
}

interface Opened {
  readonly network: ExportedNetwork;
  readonly dialect: Dialect;
}

const tinyDecoderWarning = 'The tiny decoder had no effect: the model is exported to ONNX.';
const arithmeticWarning = 'precision had no effect: the model is exported to ONNX.';

/**
 * Opens a model that optimum, Olive, diffusers' old script or TensorRT's demo has exported to ONNX.
 *
 * @throws ERR_MODEL_FILES_INVALID for files that are missing, damaged or not of a known dialect, and for what
 * cannot be done to an exported model: LoRAs, another autoencoder
 */
export async function openExportedFolder(
  folder: string,
  index: PipelineIndex,
  memory: NetworkMemory,
  changes: ExportedChanges,
): Promise<OpenedModel> {
  refuseWhatCannotBeChanged(folder, changes);
  const kinds = exportedKindsOf(folder, index);
  const files = await filesOf(folder, kinds);
  const schedulerFile = join(folder, 'scheduler', 'scheduler_config.json');
  const own = readSchedulerConfig(await readText(schedulerFile), schedulerFile);
  const told = withPrediction({ schedulerConfig: own, warnings: [] }, changes.predictionType);
  const { schedulerConfig } = told;
  const opened: Opened[] = [];
  const warnings: string[] = [
    ...told.warnings,
    ...(changes.tinyDecoder ? [tinyDecoderWarning] : []),
    ...(changes.arithmetic === 'fast' ? [arithmeticWarning] : []),
  ];
  const release = async () => {
    for (const { network } of opened.splice(0)) await network.release();
  };
  const site: ExportedSite = {
    folder,
    memoryBytes: memory.maximumBytes,
    tokenizer: (name) => ({ folder: join(folder, name) }),
    async network(part, dialect) {
      const network = await ExportedNetwork.open(join(folder, part, 'model.onnx'), dialect, memory);
      opened.push({ network, dialect });
      return network;
    },
    warn: (message) => warnings.push(message),
  };
  const source: ComponentSource = {
    origin: folder,
    index: index.keys,
    has: (name) => kinds.has(name),
    open: async (name, kind) => await kind.exported!.open(name, site),
  };
  try {
    const model = await index.family.assemble(source);
    return {
      ...model,
      schedulerConfig,
      files,
      warnings,
      get networkMs() {
        return opened.reduce((sum, { network }) => sum + network.runMs, 0);
      },
      /** Input images alone are encoded. */
      costsOf: async ({ source }, isDecoded) =>
        opened
          .filter(({ dialect }) => dialect !== encoderDialect || source?.kind === 'picture')
          .filter(({ dialect }) => dialect !== decoderDialect || isDecoded)
          .map(({ network }) => network.cost),
      async condition(request) {
        for (const each of opened) refuseOtherSizes(folder, request, model.factor, each);
        return await model.condition(request);
      },
      arithmetic: 'exact',
      /** It was given no LoRAs. */
      inversions: [],
      weighLoras() {},
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function exportedKindsOf(folder: string, index: PipelineIndex): ReadonlyMap<string, ExportedKind<unknown>> {
  const { title, components } = index.family;
  return new Map(
    componentNamesOf(folder, index).map((name) => {
      const { exported } = components[name]!.kind;
      if (exported) return [name, exported];
      throw invalidFiles(
        `${folder} is exported to ONNX, which this engine cannot open for ${title}.`,
        'Use the model as .safetensors.',
      );
    }),
  );
}

async function filesOf(
  folder: string,
  kinds: ReadonlyMap<string, ExportedKind<unknown>>,
): Promise<readonly string[]> {
  const all = [...kinds];
  const parts = [...all.flatMap(([name, kind]) => kind.folders(name)), 'scheduler'];
  const required = all.flatMap(([name, kind]) => kind.requiredFiles(name));
  const files = await exportedFiles(folder, parts, ['scheduler/scheduler_config.json', ...required]);
  return [join(folder, 'model_index.json'), ...files];
}

function refuseOtherSizes(
  folder: string,
  { width, height }: { readonly width: number; readonly height: number },
  factor: number,
  { network, dialect }: Opened,
): void {
  const [, , rows, columns] = dialect.latents === undefined ? [] : (network.shapeOf(dialect.latents) ?? []);
  const isOther = (pixels: number, latents: number | string | undefined) =>
    typeof latents === 'number' && latents * factor !== pixels;
  if (!isOther(height, rows) && !isOther(width, columns)) return;
  const pixels = (latents: number | string | undefined) =>
    typeof latents === 'number' ? latents * factor : 'any';
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `${folder} was exported for ${pixels(columns)} x ${pixels(rows)} pixels only, not for ${width} x ${height}.`,
    hint: 'Ask for that size, or export the model with free dimensions.',
  });
}

function refuseWhatCannotBeChanged(folder: string, { loras, controlNets, vae }: ExportedChanges): void {
  const hint = 'Use the model as .safetensors.';
  const own = controlNets.length > 0 ? 'ControlNets' : vae && 'another autoencoder';
  const what = loras.length > 0 ? 'LoRAs' : own;
  if (what) throw invalidFiles(`${folder} is exported to ONNX and cannot take ${what}.`, hint);
}
