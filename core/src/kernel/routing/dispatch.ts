import { randomUUID } from 'node:crypto';
import {
  EaselError,
  type GenerationRequest,
  type ImageRequest,
  type Model,
  type Progress,
  type ValidImageRequest,
} from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import { withInstalledSource } from '../../library/resolve-source.js';
import type { Catalogue } from '../../models/catalogue.js';
import { findModel } from '../../models/find-model.js';
import { parseRequest } from '../../models/parse-request.js';
import type { Tracing } from '../../observe/tracing.js';
import type { ImageResult, UsedParameters } from '../../results/image-result.js';
import { Events } from '../events.js';
import { type Deadline, startDeadline } from '../guard/deadline.js';
import type { Live } from '../live.js';
import { parsePriority } from '../priority.js';
import { Registry } from '../registry/registry.js';
import { createReceipt } from '../runner/receipt.js';
import { tokens } from '../tokens.js';
import { type Candidate, listCandidates } from './candidates.js';
import { resolveFileOptions } from './file-options.js';
import type { AskedPlugin, FixedChoices } from './fixed-request.js';
import { handOver } from './hand-over.js';
import { monotonic } from './monotonic-progress.js';
import { type Outcome, tryCandidates } from './try-candidates.js';

export interface GenerateOptions {
  /** Cancels the call: it rejects at once with ERR_ABORTED. Absent: it cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the call is; the fraction never falls. Absent: nobody is told. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Who asks, for example a user's id: where calls wait, callers take turns. Absent: all that do not say are one caller. */
  readonly caller?: string | undefined;
  /** Where calls wait, a higher one goes first, whoever asks; -100 to 100. Absent: 0. */
  readonly priority?: number | undefined;
  /**
   * Id of the call, 1 to 200 characters; reaches the plugin as `requestId`. Give the same one when the same call is carried out again, for
   * example after a restart: what was paid for it is then taken up, and not paid again. Absent: a new
   * one, which only the tries of this call share.
   */
  readonly requestId?: string | undefined;
  /**
   * Takes the result into safe keeping, for example onto the disk; the call waits for it. Only when it has resolved is the plugin told that
   * its result is received; until then a plugin that was paid keeps what it has made, for a call with the same `requestId`. Where it rejects,
   * so does the call. Absent: the result is received when the promise of the call resolves.
   */
  readonly onResult?: ((result: ImageResult) => Promise<unknown> | unknown) | undefined;
  /** What `fixRequest` answered for the request. Absent: the current model counts, and a seed is drawn. */
  readonly fixed?: FixedChoices | undefined;
  /**
   * Which files on this machine the request may name in the options of plugins: `any` by its path, or those of the `library` alone, ids of
   * models and what lies below `server.modelFolders`, for requests of others. Absent: `any`.
   */
  readonly fileAccess?: 'any' | 'library' | undefined;
  /** Told before each try which plugin is asked, and waited for; the call rejects with what it rejects with. Absent: nobody is told. */
  readonly beforeAsking?: ((asked: AskedPlugin) => Promise<void>) | undefined;
  /** Goes before all others: the one that had been asked last when the call was cut off, as it may have been paid. Absent: nobody does. */
  readonly askFirst?: AskedPlugin | undefined;
}

/** The way of a call: validate, resolve the model, fit the request to it, route, guard, and say where the pictures come from. */
@injectable()
export class Dispatcher {
  constructor(
    @inject(tokens.configuration) private readonly configuration: Live<Configuration>,
    @inject(tokens.catalogue) private readonly catalogue: Live<Catalogue>,
    @inject(Registry) private readonly registry: Registry,
    @inject(Events) private readonly events: Events,
    @inject(tokens.tracing) private readonly tracing: Tracing,
    @inject(tokens.random) private readonly random: () => number,
    @inject(tokens.drawSeed) private readonly drawSeed: () => number,
  ) {}

  async dispatch(
    input: ImageRequest,
    currentModel: string | undefined,
    options: GenerateOptions,
  ): Promise<ImageResult> {
    return await this.tracing.call(async () => {
      const startedAt = performance.now();
      const asked = parseRequest(input);
      const priority = parsePriority(options.priority);
      const able = this.#able(asked, currentModel, options);
      const candidates = options.fileAccess === 'library' ? await this.#withFiles(able, asked) : able;
      const { callMs } = candidates[0].plugin.manifest.runtime;
      const deadline = startDeadline(asked.timeoutMs ?? callMs, options.signal);
      const progress = monotonic(options.onProgress);
      const receipt = createReceipt();
      try {
        const { caller, beforeAsking, onResult } = options;
        // Without an id of its caller's, the tries of this call share one; nobody else knows it.
        const identity =
          options.requestId === undefined
            ? { requestId: randomUUID() }
            : { requestId: options.requestId, isResumable: true };
        const { signal } = deadline;
        const call = { signal, onProgress: progress.report, received: receipt.received, caller, priority };
        const outcome = await this.#tryAll(
          candidates,
          { asked, identity, beforeAsking },
          call,
          deadline,
        ).catch((error) => {
          receipt.settle(false);
          throw error;
        });
        const result = resultOf(outcome, performance.now() - startedAt);
        await handOver(result, onResult, receipt, signal);
        return result;
      } finally {
        deadline.clear();
        progress.end();
      }
    });
  }

  /** Who would be asked for a request, in their order, and then who would not; at least one. */
  candidates(
    asked: ValidImageRequest,
    currentModel: string | undefined,
    { fixed, askFirst }: Pick<GenerateOptions, 'fixed' | 'askFirst'> = {},
  ): Candidate[] {
    const world = {
      registry: this.registry,
      catalogue: this.catalogue.current,
      configuration: this.configuration.current,
      random: this.random,
      drawSeed: fixed === undefined ? this.drawSeed : () => fixed.seed,
      askFirst,
    };
    return listCandidates(world, asked, fixed?.model ?? this.#modelOf(asked, currentModel));
  }

  /** Throws ERR_REQUEST_INVALID, ERR_MODEL_UNKNOWN and ERR_MODEL_NOT_INSTALLED. */
  fix(input: ImageRequest, currentModel: string | undefined): FixedChoices {
    const asked = parseRequest(input);
    return { model: this.#modelOf(asked, currentModel), seed: asked.seed ?? this.drawSeed() };
  }

  #modelOf({ model }: ValidImageRequest, currentModel: string | undefined): Model {
    return withInstalledSource(findModel(this.catalogue.current, model ?? currentModel ?? ''));
  }

  #able(
    asked: ValidImageRequest,
    currentModel: string | undefined,
    options: GenerateOptions,
  ): [Candidate, ...Candidate[]] {
    const all = this.candidates(asked, currentModel, options);
    const [first, ...others] = all.filter(({ isUnable }) => !isUnable);
    if (first) return [first, ...others];
    const reasons = all.map(({ plugin, obstacle }) => `${plugin.manifest.id}: ${obstacle}`);
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `No plugin can do what was asked: ${reasons.join('; ')}.`,
    });
  }

  /** With paths in place of the names of files that a request from outside has given. */
  async #withFiles(
    candidates: readonly [Candidate, ...Candidate[]],
    { providerOptions }: ValidImageRequest,
  ): Promise<[Candidate, ...Candidate[]]> {
    const { models } = this.catalogue.current;
    const library = { models, folders: this.configuration.current.server.modelFolders };
    const ready = candidates.map(async (candidate) => {
      const { manifest } = candidate.plugin;
      const options = providerOptions[manifest.id];
      if (!options || manifest.fileOptions.length === 0) return candidate;
      return { ...candidate, fileOptions: await resolveFileOptions(manifest, options, library) };
    });
    return (await Promise.all(ready)) as [Candidate, ...Candidate[]];
  }

  async #tryAll(
    candidates: readonly Candidate[],
    {
      asked: { fallback },
      identity,
      beforeAsking,
    }: Pick<GenerateOptions, 'beforeAsking'> & {
      readonly asked: ValidImageRequest;
      readonly identity: Pick<GenerationRequest, 'requestId' | 'isResumable'>;
    },
    call: Parameters<Candidate['plugin']['generate']>[2],
    deadline: Deadline,
  ): Promise<Outcome> {
    return await tryCandidates(candidates, {
      retries: fallback === 'none' ? 0 : this.configuration.current.retries,
      deadline,
      random: this.random,
      beforeAsking:
        beforeAsking &&
        (({ plugin, model }) => beforeAsking({ plugin: plugin.manifest.id, model: model.id })),
      choose: ({ plugin }) => this.registry.currentVersion(plugin, deadline.signal),
      ask: ({ plugin, pipelineType, request, fileOptions }) =>
        this.tracing.attempt({ plugin: plugin.manifest, pipelineType, request }, () =>
          plugin.generate(
            pipelineType,
            { ...request, ...identity, options: { ...request.options, ...fileOptions } },
            call,
          ),
        ),
      onAttempt: (attempt, { plugin }) =>
        this.events.emit('attempt-ended', { ...attempt, version: plugin.manifest.version }),
    });
  }
}

function resultOf({ candidate, made, attempts }: Outcome, total: number): ImageResult {
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
      parameters: {
        ...made.parameters,
        ...usedParameters(request),
        ...(made.samplerLabel && { samplerLabel: made.samplerLabel }),
      },
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
