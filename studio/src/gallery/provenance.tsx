import type { ImageDetails } from '../api/schemas.js';
import { formatCost, formatTime, useWords } from '../language/words.js';

/**
 * How an image came about, one thing after the other: who was asked, what came of it, how long it took, what
 * it cost.
 */
export function Provenance({ image }: { readonly image: ImageDetails }) {
  const words = useWords();
  const { provenance, timings, warnings, cost } = image;
  const { load, make } = timings;
  return (
    <section className="history" aria-labelledby="history">
      <h2 className="label" id="history">
        {words.history}
      </h2>
      <ol>
        {provenance.attempts.map((attempt, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
          <li key={index} data-outcome={attempt.outcome === 'ok' ? 'ok' : 'failed'}>
            <span>{words.attempt(attempt.plugin, attempt.model)}</span>
            <span className="fine">
              {attempt.outcome === 'ok' ? words.worked : attempt.outcome} ·{' '}
              {formatTime(attempt.durationMs, words)}
            </span>
          </li>
        ))}
        {make !== undefined && (
          <li>
            <span>{words.timeSpent(formatTime(make, words))}</span>
            {load !== undefined && load >= 500 && (
              <span className="fine">{words.timeLoading(formatTime(load, words))}</span>
            )}
          </li>
        )}
        {warnings.map(({ message }) => (
          <li key={message} data-outcome="warning">
            {message}
          </li>
        ))}
        {cost && <li>{words.cost(formatCost(cost))}</li>}
      </ol>
      <p className="fine">
        {provenance.plugin.id} {provenance.plugin.version} · {provenance.pipelineType}
      </p>
    </section>
  );
}
