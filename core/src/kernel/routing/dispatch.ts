import { randomUUID } from 'node:crypto';
import type { GenerationRequest, ImageRequest, ValidImageRequest } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { Configuration } from '../../config/configuration.js';
import type { Catalogue } from '../../models/catalogue.js';
import { parseRequest } from '../../models/parse-request.js';
import type { Tracing } from '../../observe/tracing.js';
import { mayChoose, withPrompts } from '../../prompts/fix-prompts.js';
import type { ImageResult } from '../../results/image-result.js';
import { Events } from '../events.js';
import { planMemory } from '../guard/ask-plugin.js';
import { type Deadline, startDeadline } from '../guard/deadline.js';
import { isPaid } from '../guard/paid-risk.js';
import { withCancellation } from '../guard/with-cancellation.js';
import type { Live } from '../live.js';
import { parsePriority } from '../priority.js';
import { Registry } from '../registry/registry.js';
import { createReceipt } from '../runner/receipt.js';
import { tokens } from '../tokens.js';
import { askCandidate } from './ask-candidate.js';
import { type Candidate, listCandidates, withinFallback } from './candidates.js';
import { estimateOf } from './estimate.js';
import { type ExplainedCandidate, explainCandidates, type PlannedCall } from './explain.js';
import { finishImages } from './finish-images.js';
import { fixRequest, modelOf } from './fix-request.js';
import type { FixedChoices } from './fixed-request.js';
import type { GenerateOptions } from './generate-options.js';
import { handOver } from './hand-over.js';
import { identityOf } from './identity.js';
import { Latencies } from './latencies.js';
import { monotonic } from './monotonic-progress.js';
import { ableOf, byPreference, hasPreferences } from './preferences.js';
import { prepareMasked } from './prepare-masked.js';
import { resultOf } from './result-of.js';
import { type Outcome, tryCandidates } from './try-candidates.js';
import { mayNameFiles, withFiles } from './with-files.js';

/**
 * The way of a call: validate, resolve the model, fit the request to it, route, guard, and say where the
 * pictures come from.
 */
@injectable()
export class Dispatcher {
  constructor(
    @inject(tokens.configuration) private readonly configuration: Live<Configuration>,
    @inject(tokens.catalogue) private readonly catalogue: Live<Catalogue>,
    @inject(Registry) private readonly registry: Registry,
    @inject(Latencies) private readonly latencies: Latencies,
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
      const priority = parsePriority(options.priority);
      const parsed = parseRequest(input);
      // A call that begins now must be seen by whoever closes a plugin in this same turn.
      const isOpen = options.fixed === undefined && mayChoose(parsed, this.configuration.current);
      const fixed = isOpen ? await this.fix(input, currentModel) : options.fixed;
      const asked = withPrompts(parsed, fixed?.prompts);
      const listed = this.#candidates(asked, currentModel, { ...options, fixed });
      const able = ableOf(listed instanceof Promise ? await listed : listed, asked);
      const isFromOutside = options.fileAccess === 'models';
      const hasFiles = able.some((candidate) => mayNameFiles(candidate, isFromOutside));
      const routed = hasFiles ? await this.#withFiles(able, asked, isFromOutside) : able;
      const { callMs } = routed[0].plugin.manifest.runtime;
      const spentMs = performance.now() - startedAt;
      const timeoutMs = asked.timeoutMs === undefined ? callMs : Math.max(1, asked.timeoutMs - spentMs);
      const deadline = startDeadline(timeoutMs, options.signal);
      const progress = monotonic(options.onProgress);
      const receipt = createReceipt();
      try {
        const { caller, beforeAsking, findResult, onResult, account } = options;
        const { signal } = deadline;
        if (findResult) {
          const identity = identityOf(asked, routed[0], this.configuration.current);
          const found = await withCancellation(identity.then(findResult), signal, () => {}).answer;
          if (found) return found;
        }
        // Without an id of its caller's, the tries of this call share one; nobody else knows it.
        const identity =
          options.requestId === undefined
            ? { requestId: randomUUID() }
            : { requestId: options.requestId, isResumable: true };
        const call = { signal, onProgress: progress.report, received: receipt.received, caller, priority };
        const masked = asked.mask && (await unlessAborted(prepareMasked(routed, asked), signal));
        const candidates = masked?.candidates ?? routed;
        const outcome = await this.#tryAll(
          candidates,
          { asked, identity, beforeAsking, account },
          call,
          deadline,
        )
          .then((outcome) => unlessAborted(finishImages(outcome, asked, masked), signal))
          .catch((error) => {
            receipt.settle(false);
            throw error;
          });
        const result = resultOf(outcome, performance.now() - startedAt, fixed?.prompts);
        await handOver(result, onResult, receipt, signal);
        return result;
      } finally {
        deadline.clear();
        progress.end();
      }
    });
  }

  /**
   * What a request would hold in memory, as the plugin that would be asked first plans it; no image is made.
   */
  async planMemory(
    input: ImageRequest,
    currentModel: string | undefined,
    options: Pick<GenerateOptions, 'signal' | 'fileAccess'>,
  ): Promise<PlannedCall> {
    const asked = parseRequest(input);
    const isFromOutside = options.fileAccess === 'models';
    const able = ableOf(await this.#candidates(asked, currentModel, options), asked);
    const { callMs } = able[0].plugin.manifest.runtime;
    const deadline = startDeadline(asked.timeoutMs ?? callMs, options.signal);
    const { signal } = deadline;
    try {
      const routed = await this.#withFiles(able, asked, isFromOutside);
      const masked = asked.mask && (await unlessAborted(prepareMasked(routed, asked), signal));
      const { plugin: listed, model, request, withFiles } = masked?.candidates[0] ?? routed[0];
      const plugin = await this.registry.currentVersion(listed, signal);
      const planned = { ...request, requestId: randomUUID(), ...withFiles };
      const memory = await planMemory(plugin, planned, signal);
      return { plugin: plugin.manifest.id, model: model.id, ...(memory && { memory }) };
    } finally {
      deadline.clear();
    }
  }

  /** Who would be asked for a request, in their order, and then who would not. */
  async explain(input: ImageRequest, currentModel: string | undefined): Promise<ExplainedCandidate[]> {
    const asked = parseRequest(input);
    return explainCandidates(await this.#candidates(asked, currentModel, {}), asked);
  }

  /** At least one; in the same turn where the request has no preferences. */
  #candidates(
    asked: ValidImageRequest,
    currentModel: string | undefined,
    { fixed, askFirst, signal }: Pick<GenerateOptions, 'fixed' | 'askFirst' | 'signal'>,
  ): Candidate[] | Promise<Candidate[]> {
    const world = {
      registry: this.registry,
      catalogue: this.catalogue.current,
      configuration: this.configuration.current,
      random: this.random,
      drawSeed: fixed === undefined ? this.drawSeed : () => fixed.seed,
      askFirst,
    };
    const model = fixed?.model ?? modelOf(asked, currentModel, this.#models);
    const listed = listCandidates(world, asked, model);
    if (!hasPreferences(asked)) return withinFallback(listed, asked);
    const limits = { signal, limitMs: asked.timeoutMs };
    return byPreference(listed, asked, {
      estimate: (candidate) => estimateOf(candidate, this.registry, limits),
      medianMs: (plugin, model) => this.latencies.medianMs(plugin, model),
    }).then((all) => withinFallback(all, asked));
  }

  get #models() {
    return { catalogue: this.catalogue.current, table: this.registry.table };
  }

  /** What a call is made with where its request leaves it open; rejects as {@link fixRequest} does. */
  async fix(input: ImageRequest, currentModel: string | undefined): Promise<FixedChoices> {
    return await fixRequest(parseRequest(input), currentModel, {
      ...this.#models,
      configuration: this.configuration.current,
      drawSeed: this.drawSeed,
    });
  }

  /** With paths for the names of files in a request and its prompt, and names for paths that it is told. */
  async #withFiles(
    candidates: readonly [Candidate, ...Candidate[]],
    asked: ValidImageRequest,
    isFromOutside: boolean,
  ): Promise<[Candidate, ...Candidate[]]> {
    const files = {
      models: this.catalogue.current.models,
      folders: this.configuration.current.server.modelFolders,
    };
    const ready = candidates.map((candidate) => withFiles(candidate, asked, { files, isFromOutside }));
    return (await Promise.all(ready)) as [Candidate, ...Candidate[]];
  }

  async #tryAll(
    candidates: readonly Candidate[],
    {
      asked: { fallback },
      identity,
      beforeAsking,
      account,
    }: Pick<GenerateOptions, 'beforeAsking' | 'account'> & {
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
        (({ plugin: { manifest }, model }) =>
          beforeAsking({ plugin: manifest.id, model: model.id, isPaid: isPaid(manifest) })),
      choose: ({ plugin }) => this.registry.currentVersion(plugin, deadline.signal),
      otherVersion: (failed) =>
        fallback === 'none' ? undefined : this.registry.succession.otherVersion(failed, deadline.signal),
      ask: (candidate) => {
        const { registry, tracing } = this;
        return askCandidate(candidate, { identity, call, account, registry, tracing });
      },
      onAttempt: (attempt, { plugin }) =>
        this.events.emit('attempt-ended', { ...attempt, version: plugin.manifest.version }),
    });
  }
}

const unlessAborted = <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> =>
  withCancellation(work, signal, () => {}).answer;
