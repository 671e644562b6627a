import {
  EaselError,
  type GenerationRequest,
  type ImageRequest,
  type Progress,
  type ValidGenerationResult,
} from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import { adaptRequest } from '../../models/adapt-request.js';
import type { Catalogue } from '../../models/catalogue.js';
import { findModel } from '../../models/find-model.js';
import { parseRequest } from '../../models/parse-request.js';
import type { ImageResult, UsedParameters } from '../../results/image-result.js';
import { startDeadline } from '../guard/deadline.js';
import type { Live } from '../live.js';
import type { Registry } from '../registry/registry.js';
import { tokens } from '../tokens.js';
import { monotonic } from './monotonic-progress.js';
import { selectRoute } from './select.js';

export interface GenerateOptions {
  /** Cancels the call: it rejects at once with ERR_ABORTED. Absent: it cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the call is; the fraction never falls. Absent: nobody is told. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The way of a call: validate, resolve the model, fit the request to it, route, guard, and say where the pictures come from. */
@injectable()
export class Dispatcher {
  constructor(
    @inject(tokens.configuration) private readonly configuration: Live<Configuration>,
    @inject(tokens.catalogue) private readonly catalogue: Live<Catalogue>,
    @inject(tokens.registry) private readonly registry: Registry,
    @inject(tokens.drawSeed) private readonly drawSeed: () => number,
  ) {}

  async dispatch(
    input: ImageRequest,
    currentModel: string | undefined,
    options: GenerateOptions,
  ): Promise<ImageResult> {
    const startedAt = performance.now();
    const asked = parseRequest(input);
    const model = findModel(this.catalogue.current, asked.model ?? currentModel ?? '');
    const adapted = adaptRequest(asked, model, this.drawSeed);
    const route = selectRoute(this.registry, model, this.configuration.current.fallbackPipelineType);
    const { manifest } = route.plugin;
    const request: GenerationRequest = {
      ...adapted.request,
      options: { ...model.options, ...asked.providerOptions[manifest.id] },
    };

    const progress = monotonic(options.onProgress);
    const deadline = startDeadline(asked.timeoutMs ?? manifest.runtime.callMs, options.signal);
    let made: ValidGenerationResult;
    try {
      made = await route.plugin.generate(route.pipelineType, request, {
        signal: deadline.signal,
        onProgress: progress.report,
      });
    } catch (error) {
      throw EaselError.isInstance(error) ? error : internal(error);
    } finally {
      deadline.clear();
      progress.end();
    }

    const total = performance.now() - startedAt;
    return {
      images: made.images,
      warnings: [...adapted.warnings, ...route.warnings, ...made.warnings],
      ...(made.cost ? { cost: made.cost } : {}),
      timings: { ...made.timings, total },
      provenance: {
        model: model.id,
        pipelineType: route.pipelineType,
        plugin: { id: manifest.id, version: manifest.version },
        // A plugin tells what it chose where the request left it open; it cannot change what was asked for.
        parameters: { ...made.parameters, ...usedParameters(request) },
        attempts: [
          { plugin: manifest.id, pipelineType: route.pipelineType, outcome: 'ok', durationMs: total },
        ],
      },
    };
  }
}

function usedParameters(request: GenerationRequest): UsedParameters {
  const { prompt, negativePrompt, width, height, n, seed, steps, guidanceScale, sampler, strength, options } =
    request;
  const used = { prompt, negativePrompt, width, height, n, seed, steps, guidanceScale, sampler, strength };
  const present = Object.fromEntries(
    Object.entries(used).filter(([, value]) => value !== undefined),
  ) as unknown as UsedParameters;
  return Object.keys(options).length === 0 ? present : { ...present, options };
}

const internal = (cause: unknown) =>
  new EaselError({
    code: 'ERR_INTERNAL',
    message: `Easel failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  });
