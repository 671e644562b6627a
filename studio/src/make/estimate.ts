import type { Job } from '../api/schemas.js';

/** What decides how long a job takes, but for its steps and images. */
export interface Work {
  readonly model: string;
  readonly size: string;
  readonly n: number;
  readonly steps: number;
}

const timeOf = (text: string | null | undefined) => (text ? Date.parse(text) : Number.NaN);
const medianOf = (values: readonly number[]): number | undefined =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

function workOf({ request, result }: Job): Work | undefined {
  // Of a grid each image may take another time.
  if (!request || !result || request.grid) return undefined;
  const [image] = result.images;
  const steps = result.provenance.parameters.steps;
  return {
    model: result.provenance.model,
    size: `${image?.width}x${image?.height}`,
    n: result.images.length,
    steps: typeof steps === 'number' ? steps : 1,
  };
}

/**
 * Milliseconds that such work takes, measured by what was made of the same model and size. Undefined: nothing
 * was.
 */
export function estimateMs({ model, size, n, steps }: Work, ended: readonly Job[]): number | undefined {
  const measured = ended.flatMap((job) => {
    const work = job.state === 'succeeded' ? workOf(job) : undefined;
    const tookMs = timeOf(job.ended_at) - timeOf(job.started_at);
    if (!work || work.model !== model || work.size !== size || !(tookMs > 0)) return [];
    return [tookMs / (work.n * work.steps)];
  });
  const perStep = medianOf(measured.slice(0, 9));
  return perStep === undefined ? undefined : perStep * n * steps;
}

/** What such an image has cost of late. Undefined: not known. */
export function estimateCost(
  { model, n }: Work,
  ended: readonly Job[],
): { amount: number; currency: string } | undefined {
  const paid = ended.find(({ result }) => result?.cost && result.provenance.model === model)?.result;
  if (!paid?.cost) return undefined;
  return { amount: (paid.cost.amount / paid.images.length) * n, currency: paid.cost.currency };
}
