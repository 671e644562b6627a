/**
 * What a request wants of whoever makes its images: the order in which candidates are asked, and who is too
 * expensive.
 *
 * @module
 */
import { type Cost, EaselError, type ValidImageRequest } from '@easel/plugin-sdk';
import { isPaid } from '../guard/paid-risk.js';
import type { Candidate } from './candidates.js';

export interface Measures {
  /** What a call would cost, at most. Undefined: nobody knows. Never rejects. */
  readonly estimate: (candidate: Candidate) => Promise<Cost | undefined>;
  /** Milliseconds that calls of a plugin for a model take lately. Undefined: there was none. */
  readonly medianMs: (plugin: string, model: string) => number | undefined;
}

type Preferences = Pick<ValidImageRequest, 'prefer' | 'maxCost'>;

/** Whether the order depends on what has to be asked for. */
export const hasPreferences = ({ prefer, maxCost }: Preferences): boolean =>
  prefer !== undefined || maxCost !== undefined;

const asksForPrices = ({ prefer, maxCost }: Preferences): boolean =>
  prefer === 'cheapest' || maxCost !== undefined;

/**
 * Candidates in the order that a request prefers, equals as they were, and those whom it cannot go to at the
 * end. Whoever was asked before the call was cut off stays first, whatever it costs: it may have been paid.
 */
export async function byPreference(
  candidates: readonly Candidate[],
  asked: Preferences,
  measures: Measures,
): Promise<Candidate[]> {
  const measured = await Promise.all(
    candidates.map(async (candidate): Promise<Candidate> => {
      const { plugin, model } = candidate;
      const estimate = asksForPrices(asked) ? await measures.estimate(candidate) : undefined;
      const medianMs = measures.medianMs(plugin.manifest.id, model.id);
      const known = {
        ...candidate,
        ...(estimate && { estimate }),
        ...(medianMs !== undefined && { medianMs }),
      };
      if (candidate.isUnable || candidate.wasAsked) return known;
      return withinLimit(asked.prefer === 'local' ? warned(known) : known, asked.maxCost);
    }),
  );
  const groupOf = ({ isUnable, wasAsked, obstacle }: Candidate) =>
    isUnable ? 3 : wasAsked ? 0 : obstacle === undefined ? 1 : 2;
  const rankOf = rankers[asked.prefer ?? 'priority'];
  return measured
    .map((candidate) => ({ candidate, group: groupOf(candidate), rank: rankOf(candidate) }))
    .sort((one, other) => one.group - other.group || compare(one.rank, other.rank))
    .map(({ candidate }) => candidate);
}

/** Why a candidate has its turn, for people. */
export function reasonOf(candidate: Candidate, { prefer }: Preferences, priority: number): string {
  const { estimate, medianMs, plugin, wasAsked } = candidate;
  if (wasAsked) return 'it was asked before the call was cut off';
  if (prefer === 'cheapest')
    return estimate ? `it would cost about ${textOf(estimate)}` : 'its price is not known';
  if (prefer === 'fastest')
    return medianMs === undefined
      ? 'nobody has measured it yet'
      : `the median of its calls is ${Math.round(medianMs)} ms`;
  if (prefer === 'local') return isPaid(plugin.manifest) ? 'it costs money' : 'it costs nothing';
  return `its priority is ${priority}`;
}

/**
 * Those that can do what was asked.
 *
 * @throws ERR_REQUEST_INVALID where there is none, ERR_BUDGET where one could and would cost too much
 */
export function ableOf(
  candidates: readonly Candidate[],
  { maxCost }: Preferences,
): [Candidate, ...Candidate[]] {
  const [first, ...others] = candidates.filter(({ isUnable }) => !isUnable);
  if (first) return [first, ...others];
  const isOfPrice = candidates.some(({ isTooExpensive }) => isTooExpensive);
  const reasons = candidates
    .filter(({ isTooExpensive = false }) => isTooExpensive === isOfPrice)
    .map(({ plugin, model, obstacle }) => {
      const { id } = plugin.manifest;
      return `${isOfPrice ? `${id} (${model.id})` : id}: ${obstacle}`;
    })
    .join('; ');
  if (isOfPrice)
    throw new EaselError({
      code: 'ERR_BUDGET',
      field: 'maxCost',
      message: `maxCost: nobody makes this for at most ${maxCost} USD: ${reasons}.`,
      hint: 'Allow more, or ask for fewer or smaller images.',
    });
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `No plugin can do what was asked: ${reasons}.`,
  });
}

function withinLimit(candidate: Candidate, maxCost: number | undefined): Candidate {
  if (maxCost === undefined) return candidate;
  const { estimate, obstacle } = candidate;
  const dollars = dollarsOf(estimate);
  if (dollars !== undefined && dollars <= maxCost) return candidate;
  const unknown =
    obstacle === undefined ? 'its price is not known' : `it cannot tell its price (${obstacle})`;
  const why = estimate
    ? `it would cost about ${textOf(estimate)}, and maxCost is ${maxCost} USD`
    : `${unknown}, and maxCost is given`;
  return { ...candidate, isUnable: true, isTooExpensive: true, obstacle: why };
}

/** Who costs money comes into question where nobody else is left, which nobody has allowed expressly. */
function warned(candidate: Candidate): Candidate {
  const { plugin, warnings } = candidate;
  if (!isPaid(plugin.manifest)) return candidate;
  const message = `prefer: nobody who could be asked makes this for nothing, and ${plugin.manifest.id} costs money; a maxCost of 0 keeps calls from it.`;
  return { ...candidate, warnings: [...warnings, { code: 'other', parameter: 'prefer', message }] };
}

const rankers: Readonly<
  Record<NonNullable<Preferences['prefer']> | 'priority', (candidate: Candidate) => number | undefined>
> = {
  cheapest: ({ estimate }) => dollarsOf(estimate),
  fastest: ({ medianMs }) => medianMs,
  local: ({ plugin, model }) =>
    Number(isPaid(plugin.manifest)) + Number(model.source.type === 'provider') / 2,
  priority: () => 0,
};

/** What is not known goes last. */
const compare = (one: number | undefined, other: number | undefined): number =>
  one === other ? 0 : (one ?? Number.POSITIVE_INFINITY) - (other ?? Number.POSITIVE_INFINITY);

/** Undefined: not known, or in another currency, which cannot be compared. */
export const dollarsOf = (cost: Cost | undefined): number | undefined =>
  cost?.currency === 'USD' ? cost.amount : undefined;

export const textOf = ({ amount, currency }: Cost): string => `${Number(amount.toPrecision(3))} ${currency}`;
