import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import type * as z from 'zod/mini';
import { explainRoute } from '../api/kernel.js';
import type { candidateSchema, Health } from '../api/schemas.js';
import { Select } from '../controls/select.js';
import { useWords } from '../language/words.js';
import { $models, currentOf } from '../live/models.js';
import { $busy } from './health.js';

/** Where a request for a model would go now, as a sentence; none is sent. */
export function Route({ health }: { readonly health: Health }) {
  const words = useWords();
  const models = useStore($models);
  const [chosen, setChosen] = useState<string>();
  const [candidates, setCandidates] = useState<readonly z.infer<typeof candidateSchema>[]>();
  const model = chosen ?? currentOf(models)?.id;
  const states = health.plugins
    .map(({ id, state, breakers }) => `${id} ${state} ${JSON.stringify(breakers)}`)
    .join();
  const isTaken = health.plugins.some(
    ({ state, models }) => state !== 'disabled' && models.some(({ id }) => id === model),
  );
  const isChanging = useStore($busy).size > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: other states of the plugins are other routes
  useEffect(() => {
    // While a plugin is switched, nobody knows where a request goes.
    if (model === undefined || isChanging) return;
    if (!isTaken) return setCandidates([]);
    let isStale = false;
    explainRoute(model).then(
      (found) => isStale || setCandidates(found),
      () => isStale || setCandidates([]),
    );
    return () => {
      isStale = true;
    };
  }, [model, states, isTaken, isChanging]);
  if (model === undefined) return null;
  const sentence = (candidates ?? []).map(({ plugin, obstacle }, place) =>
    obstacle
      ? words.routeNot(plugin, obstacle)
      : place === 0
        ? words.routeFirst(plugin)
        : words.routeThen(plugin),
  );
  return (
    <section className="route" aria-label={words.route}>
      <div>
        <Select
          label={words.route}
          value={model}
          groups={[
            { label: words.model, options: models.map(({ id, name }) => ({ value: id, label: name })) },
          ]}
          onChange={setChosen}
        />
      </div>
      <p role="status">{candidates && (sentence.length > 0 ? sentence.join(' ') : words.routeNone)}</p>
    </section>
  );
}
