/**
 * Easel's own diffusion engine. The process's main thread speaks with the kernel and encodes pictures; an
 * inner worker owns the networks, whose runs block their thread.
 *
 * @module
 */
import { definePlugin } from '@easel/plugin-sdk';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { z } from 'zod';
import { families } from './families/index.js';
import { optionsSchemaOf } from './options.js';
import { labelSampler } from './sampling/names.js';
import { executionProviderSchema, precisionSchema } from './session/execution-providers.js';
import { toEngineCall } from './to-engine-call.js';
import { encodePicture } from './worker/encode-picture.js';
import { Engine } from './worker/engine.js';
import { ProgressReports } from './worker/progress-reports.js';

export default definePlugin({
  config: z.strictObject({
    threads: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe('Processor cores that one network may use. Absent: all of them.'),
    executionProviders: executionProviderSchema,
    precision: precisionSchema,
    memoryBytes: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Bytes that open networks may hold in memory; what was used longest ago is closed before more is opened, and a network that is larger alone runs in stages. A call that does not fit is refused. Absent: 60 % of the memory that the process may use, and stages only for what does not fit at all.',
      ),
    preparedBytes: z
      .int()
      .min(0)
      .default(20e9)
      .describe(
        'Bytes on disk for networks as ONNX Runtime has prepared them, which open at once, and as many for matrices of GGUF files as they are computed with; 0 for none. Absent: 20 GB.',
      ),
  }),
  options: optionsSchemaOf(families),
  async start({ config, storageFolder }) {
    await blockOtherLoaders();
    const engine = new Engine({ ...config, storageFolder });
    return {
      async generate(request, { options, signal, onProgress, stopsWithin }) {
        const call = toEngineCall(request, options);
        const reports = new ProgressReports(onProgress);
        const { pictures, sampler, arithmetic, warnings, timings } = await engine.run(call, {
          signal,
          stopsWithin,
          onProgress: (progress) => reports.add(progress),
        });
        await reports.sent();
        const encodeFrom = performance.now();
        const images = await Promise.all(
          pictures.map(async (picture, index) => ({
            ...(await encodePicture(picture, request.outputFormat)),
            seed: call.seeds[index],
          })),
        );
        return {
          images,
          warnings: warnings.map((message) => ({ code: 'other' as const, message })),
          timings: { ...timings, encode: performance.now() - encodeFrom },
          parameters: {
            sampler,
            ...(arithmetic !== 'exact' && { precision: arithmetic, options: { precision: arithmetic } }),
          },
          samplerLabel: labelSampler(sampler),
        };
      },
      planMemory: (request, { options }) => engine.plan(toEngineCall(request, options)),
      close: () => engine.close(),
    };
  },
});
