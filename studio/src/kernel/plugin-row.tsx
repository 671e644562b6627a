import { Switch } from '@base-ui/react/switch';
import { useStore } from '@nanostores/react';
import type { Plugin } from '../api/schemas.js';
import { Icon } from '../controls/icon.js';
import { $locale, formatBytes, useWords } from '../language/words.js';
import { $busy, $switched, act, switchPlugin } from './health.js';
import { $kernelEvents, latenciesOf } from './kernel-events.js';
import { Sparkline } from './sparkline.js';

function lightOf({ state, available, breakers }: Plugin): 'good' | 'idle' | 'bad' {
  if (['failed', 'backoff', 'quarantined'].includes(state) || Object.values(breakers).includes('open'))
    return 'bad';
  return available && state === 'ready' ? 'good' : 'idle';
}

/** A plugin with its state in figures, and what can be done with it. */
export function PluginRow({ plugin }: { readonly plugin: Plugin }) {
  const words = useWords();
  const busy = useStore($busy);
  const events = useStore($kernelEvents);
  const { id, provider, version, state, latencies, breakers } = plugin;
  const isOn = useStore($switched).get(id) ?? state !== 'disabled';
  const isBusy = busy.has(id);
  const open = Object.entries(breakers).filter(([, breaker]) => breaker !== 'closed');
  const figures: readonly (readonly [string, string | undefined])[] = [
    [words.inFlight, state === 'ready' ? `${plugin.inFlight}` : undefined],
    [words.queued, state === 'ready' ? `${plugin.queued}` : undefined],
    [
      words.latency,
      Object.values(latencies)
        .map(({ medianMs, p95Ms }) => `${seconds(medianMs)} / ${seconds(p95Ms)}`)
        .join(', ') || undefined,
    ],
    [words.memory, plugin.memoryBytes && formatBytes(plugin.memoryBytes)],
    [words.restarts, plugin.restarts > 0 ? `${plugin.restarts}` : undefined],
  ].map(([label, value]) => [String(label), value ? String(value) : undefined]);
  return (
    <li className="plugin" data-plugin={id}>
      <span className="light" data-state={lightOf(plugin)} />
      <div className="plugin-name">
        <h2>
          <bdi>{provider}</bdi> <span className="fine">{version}</span>
        </h2>
        <p className="fine">
          {words.pluginState(state)} · {words.modelCount(plugin.models.length)}
          {plugin.device && ` · ${plugin.device}`}
        </p>
        {plugin.missingSecrets && (
          <p className="caution">{words.needsKey(plugin.missingSecrets.join(', '))}</p>
        )}
        {open.map(([type, breaker]) => (
          <p key={type} className="danger">
            {words.circuit(type, breaker)}
          </p>
        ))}
        {plugin.lastError && <p className="danger">{plugin.lastError.message}</p>}
      </div>
      <Sparkline values={latenciesOf(events, id)} />
      <dl className="figures">
        {figures.map(
          ([label, value]) =>
            value !== undefined && (
              <div key={label}>
                <dt>{label}</dt>
                <dd className="figure">{value}</dd>
              </div>
            ),
        )}
      </dl>
      <div className="plugin-acts">
        {open.length > 0 && (
          <button type="button" disabled={isBusy} onClick={() => void act(id, 'reset')}>
            {words.reset}
          </button>
        )}
        <button
          type="button"
          className="square bare"
          disabled={isBusy || !isOn}
          aria-label={words.reload(provider)}
          title={words.reload(provider)}
          onClick={() => void act(id, 'reload')}
        >
          <Icon name="again" />
        </button>
        <Switch.Root
          className="switch"
          aria-label={provider}
          checked={isOn}
          onCheckedChange={(checked) => void switchPlugin(id, checked)}
        >
          <Switch.Thumb className="switch-thumb" />
        </Switch.Root>
      </div>
    </li>
  );
}

function seconds(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return `${new Intl.NumberFormat($locale.get(), digits).format(milliseconds / 1_000)} s`;
}
