import { thumbnailAddress } from '../api/jobs.js';
import { useWords } from '../language/words.js';
import type { LiveJob } from '../live/jobs.js';
import { type Focus, showJob } from './focus.js';

const most = 40;

/** The latest images, the newest first. */
export function Filmstrip({
  jobs,
  focus,
}: {
  readonly jobs: readonly LiveJob[];
  readonly focus: Focus | undefined;
}) {
  const words = useWords();
  const images = jobs
    .flatMap((job) =>
      (job.result?.images ?? []).map(({ name }, index) => ({
        name,
        job: job.id,
        index,
        prompt: job.request?.prompt ?? name,
      })),
    )
    .slice(0, most);
  return (
    <section className="strip" aria-label={words.recent}>
      {images.map(({ name, job, index, prompt }) => (
        <button
          key={`${job}.${index}`}
          type="button"
          aria-label={words.imageLabel(prompt)}
          aria-pressed={focus?.job === job && focus.index === index}
          onClick={() => showJob(job, index)}
        >
          <img src={thumbnailAddress(name)} alt="" loading="lazy" decoding="async" />
        </button>
      ))}
    </section>
  );
}
