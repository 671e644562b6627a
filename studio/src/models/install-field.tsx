import { useStore } from '@nanostores/react';
import type { Model } from '../api/schemas.js';
import { formatBytes, formatTime, useWords } from '../language/words.js';
import { $installs, changeInstall } from './installs.js';

/** Installs a model: how far it is, how fast, how long it takes yet; and stops it, to go on later. */
export function InstallField({ model: { id, name } }: { readonly model: Model }) {
  const words = useWords();
  const install = useStore($installs).get(id);
  const { state, bytes = 0, totalBytes, bytesPerSecond, error } = install ?? {};
  const isRunning = state === 'running';
  const left = totalBytes !== undefined && bytesPerSecond ? (totalBytes - bytes) / bytesPerSecond : undefined;
  const facts = [
    totalBytes !== undefined && words.install.of(formatBytes(bytes), formatBytes(totalBytes)),
    isRunning && bytesPerSecond !== undefined && words.install.perSecond(formatBytes(bytesPerSecond)),
    isRunning && left !== undefined && words.timeLeft(formatTime(1_000 * left, words)),
    state === 'paused' && words.install.paused,
  ];
  const verb = isRunning ? words.install.pause : state ? words.install.resume : words.install.begin;
  return (
    <div className="install">
      {(isRunning || state === 'paused') && (
        <>
          <progress
            value={bytes}
            max={totalBytes ?? Math.max(1, bytes)}
            aria-label={words.install.progressOf(name)}
          />
          <span className="fine figure">{facts.filter(Boolean).join(' · ')}</span>
        </>
      )}
      {error && <span className="caution">{error.message}</span>}
      <button
        type="button"
        aria-label={`${verb}: ${name}`}
        onClick={() => void changeInstall(id, isRunning ? 'pause' : 'begin')}
      >
        {verb}
      </button>
    </div>
  );
}
