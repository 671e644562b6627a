/**
 * Makes one picture of the bundled model on the execution provider that the command line names, and prints
 * what came of it as JSON. A process of its own, since a driver reads its environment when the process
 * starts.
 *
 * @module
 */
import { generatePictures } from '../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import { toRgb } from '../../plugins/local-diffusion/src/pipelines/pixels.js';
import { TorchGenerator } from '../../plugins/local-diffusion/src/sampling/noise/torch-generator.js';
import { executionProviderSchema } from '../../plugins/local-diffusion/src/session/execution-providers.js';
import { settleNetworkOptions } from '../../plugins/local-diffusion/src/session/network-options.js';
import { openPicturebook } from './open-picturebook.js';

/** What is printed. */
export interface Painted {
  readonly provider: string | undefined;
  readonly decomposed: readonly string[];
  readonly warnings: readonly string[];
  /** Base64 of the pixels, three bytes each. */
  readonly rgb: string;
  readonly settleMs: number;
  readonly networkMs: number;
}

const [provider, storageFolder] = process.argv.slice(2);
const executionProviders = executionProviderSchema.parse([provider]);
const startedAt = performance.now();
const options = await settleNetworkOptions({ executionProviders, storageFolder }, process.env);
const settleMs = performance.now() - startedAt;
const model = await openPicturebook(options);
const { planes } = await generatePictures(model, {
  prompts: ['a red circle on a blue background'],
  negativePrompts: undefined,
  width: 96,
  height: 96,
  steps: 3,
  guidanceScale: 3.5,
  guidanceRescale: 0,
  clipSkip: 0,
  generators: [new TorchGenerator(7)],
});
const painted: Painted = {
  provider: options.execution?.provider,
  decomposed: [...(options.execution?.decompose ?? [])],
  warnings: [...options.warnings, ...model.warnings],
  rgb: Buffer.from(toRgb(planes)).toString('base64'),
  settleMs,
  networkMs: model.networkMs,
};
await model.release();
process.stdout.write(JSON.stringify(painted));
