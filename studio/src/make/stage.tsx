import { useStore } from '@nanostores/react';
import { imageAddress, previewAddress } from '../api/jobs.js';
import { GridPlot } from '../grid/grid-plot.js';
import { useWords } from '../language/words.js';
import { $isLoaded, type LiveJob } from '../live/jobs.js';
import { ErrorCard } from './error-card.js';
import { FirstRun } from './first-run.js';
import { $refusal } from './focus.js';
import { SteadyImage } from './steady-image.js';

const sizeOf = ({ request, result }: LiveJob, index: number) => {
  const image = result?.images[index];
  if (image) return { width: image.width, height: image.height };
  const [, width = '1', height = '1'] = /^(\d+)x(\d+)$/.exec(request?.size ?? '') ?? [];
  return { width: Number(width), height: Number(height) };
};

/** The image, as large as fits: unfinished while it is made, and then finished in the same place. */
export function Stage({ job, index }: { readonly job: LiveJob | undefined; readonly index: number }) {
  const words = useWords();
  const isLoaded = useStore($isLoaded);
  const refusal = useStore($refusal);
  if (refusal)
    return (
      <div className="stage">
        <ErrorCard title={words.failed} problem={refusal.problem} requestId={refusal.requestId} />
      </div>
    );
  if (!job)
    return (
      <div className="stage">{isLoaded ? <FirstRun /> : <p className="stage-empty">{words.loading}</p>}</div>
    );
  if (job.error)
    return (
      <div className="stage">
        <ErrorCard title={words.failed} problem={job.error} requestId={job.id} />
      </div>
    );
  const grid = job.request?.grid;
  if (grid && (job.result || job.state !== 'cancelled'))
    return (
      <div className="stage">
        <GridPlot job={job} grid={grid} />
      </div>
    );
  if (job.state === 'cancelled')
    return (
      <div className="stage">
        <p className="stage-empty">{words.cancelled}</p>
      </div>
    );
  const prompt = job.request?.prompt ?? '';
  const count = job.result?.images.length ?? job.request?.n ?? 1;
  // While they are made, all are watched; afterwards one is looked at.
  const shown = job.result ? [index] : [...Array(count).keys()];
  return (
    <div className="stage" data-several={shown.length > 4 ? 'many' : shown.length > 1 ? 'few' : undefined}>
      {shown.map((one) => {
        const made = job.result?.images[one];
        const step = job.looks[one];
        const address = made
          ? imageAddress(made.name)
          : step === undefined
            ? undefined
            : previewAddress(job.id, one, step);
        return (
          <SteadyImage
            key={`${job.id}.${one}`}
            address={address}
            label={made ? words.imageLabel(prompt) : words.unfinished(prompt)}
            isFinished={made !== undefined}
            {...sizeOf(job, one)}
          />
        );
      })}
    </div>
  );
}
