import { useStore } from '@nanostores/react';
import { useEffect } from 'react';
import type { Plugin } from '../api/schemas.js';
import { useWords } from '../language/words.js';
import { Costs } from './costs.js';
import { EventTail } from './event-tail.js';
import { $health, $refused, watchHealth } from './health.js';
import { PluginRow } from './plugin-row.js';
import { Route } from './route.js';

/** The plugins at work: what each is doing, and its switches. */
export function KernelPage() {
  const words = useWords();
  const health = useStore($health);
  const refused = useStore($refused);
  useEffect(watchHealth, []);
  if (!health) return <p className="stage-empty">{words.loading}</p>;
  // What can be used stands first.
  const isUsable = ({ available, models }: Plugin) => available && models.length > 0;
  const plugins = health.plugins.toSorted(
    (one, other) =>
      Number(isUsable(other)) - Number(isUsable(one)) ||
      Number(other.available) - Number(one.available) ||
      one.id.localeCompare(other.id),
  );
  return (
    <div className="kernel">
      <p className="kernel-state">
        <span className="light" data-state={health.status === 'ok' ? 'good' : 'bad'} />
        {health.status === 'ok' ? words.allWell : words.degraded}
        <span className="fine">{words.pluginCount(plugins.length)}</span>
      </p>
      {refused && (
        <p className="notice" role="alert">
          {refused.problem.message} {refused.problem.hint}
        </p>
      )}
      <ul className="plugins" aria-label={words.plugins}>
        {plugins.map((plugin) => (
          <PluginRow key={plugin.id} plugin={plugin} />
        ))}
      </ul>
      <Route health={health} />
      {health.problems.length > 0 && (
        <section className="problems" aria-labelledby="problems">
          <h2 className="label" id="problems">
            {words.problems}
          </h2>
          <ul>
            {health.problems.map(({ code, message }) => (
              <li key={message}>
                <p>{message}</p>
                <p className="figure fine">{code}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Costs />
      <EventTail />
      {health.waitingSettings.length > 0 && (
        <p className="notice">{words.waitingSettings(health.waitingSettings.join(', '))}</p>
      )}
    </div>
  );
}
