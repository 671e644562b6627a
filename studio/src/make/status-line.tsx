import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { gridAddress, imageAddress } from '../api/jobs.js';
import { Icon } from '../controls/icon.js';
import { formatCost, formatTime, useWords } from '../language/words.js';
import { $active, type LiveJob } from '../live/jobs.js';
import { timeLeftMs } from '../live/pace.js';
import { setDraft } from './draft.js';
import { $refusal } from './focus.js';
import { SentDialog } from './sent-dialog.js';
import { cancel } from './submit.js';

const tickMs = 500;

/** How far the job is and when it is done; or how its image was made. */
export function StatusLine({ job, index }: { readonly job: LiveJob | undefined; readonly index: number }) {
  const refusal = useStore($refusal);
  if (!job || refusal) return null;
  if (job.state === 'queued' || job.state === 'running') return <Running job={job} />;
  return job.result ? <Made job={job} result={job.result} index={index} /> : null;
}

function Running({ job }: { readonly job: LiveJob }) {
  const words = useWords();
  const active = useStore($active);
  const now = useNow();
  const { progress, state } = job;
  const left = job.pace && timeLeftMs(job.pace, now);
  const place = active.findIndex(({ id }) => id === job.id);
  return (
    <div className="status">
      <span className="status-text">{text()}</span>
      <progress value={progress?.fraction ?? 0} max={1} aria-label={words.progress} />
      <span className="time-left">{left === undefined ? '' : words.timeLeft(formatTime(left, words))}</span>
      <button type="button" onClick={() => void cancel(job.id)}>
        {words.cancel}
        <span className="key" aria-hidden="true">
          Esc
        </span>
      </button>
    </div>
  );

  function text(): string {
    if (state === 'queued') return words.waiting(Math.max(1, place));
    const { step, steps, stage } = progress ?? {};
    if (stage === 'generate' && step !== undefined && steps !== undefined) return words.step(step, steps);
    return isStage(stage) ? words.stage[stage] : words.running;
  }
  function isStage(stage: string | undefined): stage is keyof typeof words.stage {
    return stage !== undefined && Object.hasOwn(words.stage, stage);
  }
}

interface MadeProps {
  readonly job: LiveJob;
  readonly result: NonNullable<LiveJob['result']>;
  readonly index: number;
}

function Made({ job, result, index }: MadeProps) {
  const words = useWords();
  const image = result.images[index];
  if (!image) return null;
  const { seed, name } = image;
  const isGrid = job.request?.grid !== undefined;
  const facts = [
    isGrid && words.imageCount(result.images.length),
    `${image.width} × ${image.height}`,
    !isGrid && seed !== undefined && `${words.seed} ${seed}`,
    result.timings.total !== undefined && formatTime(result.timings.total, words),
    result.provenance.plugin.id,
    result.cost && formatCost(result.cost),
  ];
  return (
    <div className="status">
      <span className="status-text">{facts.filter(Boolean).join(' · ')}</span>
      <span className="spacer" />
      {!isGrid && seed !== undefined && (
        <button type="button" onClick={() => setDraft({ seed })}>
          <Icon name="locked" />
          {words.useSeed}
        </button>
      )}
      <SentDialog job={job} />
      <a
        className="button"
        href={isGrid ? gridAddress(job.id) : imageAddress(name)}
        download={isGrid ? `grid-${job.id}.png` : name}
      >
        <Icon name="download" />
        {isGrid ? words.grid.download : words.download}
      </a>
    </div>
  );
}

/** Milliseconds since the page was opened, now and then. */
function useNow(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  return now;
}
