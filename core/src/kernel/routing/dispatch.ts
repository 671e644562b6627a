import type { GenerationRequest, ImageRequest, Progress, ValidImageRequest } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import type { Catalogue } from '../../models/catalogue.js';
import { findModel } from '../../models/find-model.js';
import { parseRequest } from '../../models/parse-request.js';
import type { ImageResult, UsedParameters } from '../../results/image-result.js';
import { startDeadline } from '../guard/deadline.js';
import type { Live } from '../live.js';
import type { Registry } from '../registry/registry.js';
import { tokens } from '../tokens.js';
import { type Candidate, listCandidates } from './candidates.js';
import { monotonic } from './monotonic-progress.js';
import { type Turns, tryInTurn } from './try-in-turn.js';

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
    const [first, ...others] = this.candidates(asked, currentModel);
    const progress = monotonic(options.onProgress);
    const deadline = startDeadline(asked.timeoutMs ?? first.plugin.manifest.runtime.callMs, options.signal);
    let turns: Turns;
    try {
      const call = { signal: deadline.signal, onProgress: progress.report };
      turns = await tryInTurn([first, ...others], {
        retries: asked.fallback === 'none' ? 0 : this.configuration.current.retries,
        signal: deadline.signal,
        random: Math.random,
        ask: ({ plugin, pipelineType, request }) => plugin.generate(pipelineType, request, call),
      });
    } finally {
      deadline.clear();
      progress.end();
    }
    return resultOf(turns, performance.now() - startedAt);
  }

  /** Who would be asked for a request, in their order; at least one. */
  candidates(asked: ValidImageRequest, currentModel: string | undefined): [Candidate, ...Candidate[]] {
    const world = {
      registry: this.registry,
      catalogue: this.catalogue.current,
      configuration: this.configuration.current,
    };
    const model = findModel(world.catalogue, asked.model ?? currentModel ?? '');
    return listCandidates(world, asked, model, this.drawSeed) as [Candidate, ...Candidate[]];
  }
}

function resultOf({ candidate, made, attempts }: Turns, total: number): ImageResult {
  const { plugin, model, pipelineType, request, warnings } = candidate;
  const { id, version } = plugin.manifest;
  return {
    images: made.images,
    warnings: [...warnings, ...made.warnings],
    ...(made.cost ? { cost: made.cost } : {}),
    timings: { ...made.timings, total },
    provenance: {
      model: model.id,
      pipelineType,
      plugin: { id, version },
      // A plugin tells what it chose where the request left it open; it cannot change what was asked for.
      parameters: { ...made.parameters, ...usedParameters(request) },
      attempts,
    },
  };
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
