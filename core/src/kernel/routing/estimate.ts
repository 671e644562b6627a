import { randomUUID } from 'node:crypto';
import { type Cost, linkSignals } from '@easel/plugin-sdk';
import { estimateCost } from '../guard/ask-plugin.js';
import { isPaid } from '../guard/paid-risk.js';
import type { Registry } from '../registry/registry.js';
import type { Candidate } from './candidates.js';

/** Milliseconds within which a plugin has to have started and told what a call would cost. */
const longestMs = 15_000;
const nothing: Cost = { amount: 0, currency: 'USD' };

/**
 * What a call would cost at a candidate, at most, by the plugin's own estimate. A plugin that does not pay
 * costs nothing, and is not asked; one that could not be asked now is not started.
 *
 * @returns undefined where nobody knows: the plugin does not tell, or not in time
 */
export async function estimateOf(
  { plugin: listed, request, withFiles, obstacle }: Candidate,
  registry: Pick<Registry, 'currentVersion'>,
  {
    signal,
    limitMs = longestMs,
  }: { readonly signal?: AbortSignal | undefined; readonly limitMs?: number | undefined },
): Promise<Cost | undefined> {
  if (!isPaid(listed.manifest)) return nothing;
  if (obstacle !== undefined) return undefined;
  const linked = linkSignals([signal], Math.min(limitMs, longestMs));
  try {
    const plugin = await registry.currentVersion(listed, linked.signal);
    const asked = { ...request, requestId: randomUUID(), ...withFiles };
    return await estimateCost(plugin, asked, linked.signal);
  } catch {
    // What is wrong with the call, or with the plugin, is told by the call itself.
    return undefined;
  } finally {
    linked.unlink();
  }
}
