import type { MemoryPlan } from '@easel/plugin-sdk';
import type { Candidate } from './candidates.js';

/** One line of an explanation: who would be asked, in this order, and what speaks against it. */
export interface ExplainedCandidate {
  readonly plugin: string;
  readonly model: string;
  readonly pipelineType: string;
  readonly priority: number;
  readonly weight: number;
  readonly inFlight: number;
  readonly queued: number;
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
export function explainCandidates(candidates: readonly Candidate[]): ExplainedCandidate[] {
  return candidates.map(({ plugin, model, pipelineType, obstacle, warnings }) => {
    const handled = plugin.manifest.handles.find(({ type }) => type === pipelineType);
    return {
      plugin: plugin.manifest.id,
      model: model.id,
      pipelineType,
      priority: handled?.priority ?? 0,
      weight: handled?.weight ?? 1,
      inFlight: plugin.inFlight,
      queued: plugin.queued,
      ...(obstacle === undefined ? {} : { obstacle }),
      warnings: warnings.map(({ message }) => message),
    };
  });
}
