import type { Cost, MemoryPlan, ValidImageRequest } from '@easel/plugin-sdk';
import type { Candidate } from './candidates.js';
import { reasonOf } from './preferences.js';

/** One line of an explanation: who would be asked, in this order, and what speaks against it. */
export interface ExplainedCandidate {
  readonly plugin: string;
  readonly model: string;
  readonly pipelineType: string;
  readonly priority: number;
  readonly weight: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Why it has its turn, in words. */
  readonly reason: string;
  /** What it would cost, at most, where the request asks for that. Absent: nobody knows. */
  readonly estimate?: Cost;
  /** Milliseconds that its calls take lately, where the request asks for that. Absent: there was none. */
  readonly medianMs?: number;
  /** Why it would be asked last now. Absent: nothing speaks against it. */
  readonly obstacle?: string;
  /** What would be adapted or dropped. */
  readonly warnings: readonly string[];
}

/** What a request would hold in memory, by the plugin that would be asked first. */
export interface PlannedCall {
  readonly plugin: string;
  readonly model: string;
  /** Absent: the plugin does not say. */
  readonly memory?: MemoryPlan;
}

/** Candidates as people read them. */
export function explainCandidates(
  candidates: readonly Candidate[],
  asked: ValidImageRequest,
): ExplainedCandidate[] {
  return candidates.map((candidate) => {
    const { plugin, model, pipelineType, obstacle, warnings, estimate, medianMs } = candidate;
    const handled = plugin.manifest.handles.find(({ type }) => type === pipelineType);
    const priority = handled?.priority ?? 0;
    return {
      plugin: plugin.manifest.id,
      model: model.id,
      pipelineType,
      priority,
      weight: handled?.weight ?? 1,
      inFlight: plugin.inFlight,
      queued: plugin.queued,
      reason: reasonOf(candidate, asked, priority),
      ...(estimate ? { estimate } : {}),
      ...(medianMs === undefined ? {} : { medianMs }),
      ...(obstacle === undefined ? {} : { obstacle }),
      warnings: warnings.map(({ message }) => message),
    };
  });
}
