import type { GenerationRequest, ValidGenerationResult } from '@easel/plugin-sdk';
import type { Tracing } from '../../observe/tracing.js';
import { isPaid } from '../guard/paid-risk.js';
import type { Registry } from '../registry/registry.js';
import { type Account, type Charge, keepAccount } from './account.js';
import type { Candidate } from './candidates.js';
import { estimateOf } from './estimate.js';

type Identity = Pick<GenerationRequest, 'requestId' | 'isResumable'>;

export interface AskMeans {
  readonly identity: Identity;
  readonly call: Parameters<Candidate['plugin']['generate']>[2];
  readonly account: Account | undefined;
  readonly registry: Pick<Registry, 'currentVersion'>;
  readonly tracing: Tracing;
}

/** Has a candidate make the images; what that costs is set aside before, and booked after. */
export async function askCandidate(
  candidate: Candidate,
  { identity, call, account, registry, tracing }: AskMeans,
): Promise<ValidGenerationResult> {
  const { plugin, pipelineType, request, withFiles, wasAsked } = candidate;
  const estimate =
    candidate.estimate ??
    (account?.isLimited ? await estimateOf(candidate, registry, { signal: call.signal }) : undefined);
  const charged = {
    charge: chargeOf(candidate, identity, estimate),
    pays: isPaid(plugin.manifest),
  };
  return await tracing.attempt({ plugin: plugin.manifest, pipelineType, request }, () =>
    keepAccount(account, charged, () =>
      plugin.generate(
        pipelineType,
        { ...request, ...identity, ...withFiles },
        { ...call, wasHandedOver: wasAsked },
      ),
    ),
  );
}

function chargeOf(
  { plugin, model, request }: Candidate,
  { requestId }: Identity,
  estimate: Charge['estimate'],
): Charge {
  const { id } = plugin.manifest;
  return { id: `${requestId} ${id} ${model.id}`, plugin: id, model: model.id, images: request.n, estimate };
}
