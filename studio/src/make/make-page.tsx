import { useStore } from '@nanostores/react';
import { useCallback, useEffect } from 'react';
import { useWords } from '../language/words.js';
import { $active, $ended, $jobs } from '../live/jobs.js';
import { $models, currentOf } from '../live/models.js';
import { Announcer } from './announcer.js';
import { $draft, queryFromDraft, showInAddress } from './draft.js';
import { Filmstrip } from './filmstrip.js';
import { $focus } from './focus.js';
import { $inputs, setInputs } from './inputs.js';
import { offerSettings } from './offer-settings.js';
import { SettingsForm } from './settings-form.js';
import { Stage } from './stage.js';
import { StatusLine } from './status-line.js';
import { cancel } from './submit.js';
import { takeImages, useGivenImages } from './take-images.js';

/** The page where images are made. */
export function MakePage() {
  const words = useWords();
  const jobs = useStore($jobs);
  const active = useStore($active);
  const ended = useStore($ended);
  const models = useStore($models);
  const draft = useStore($draft);
  const focus = useStore($focus);
  const model = models.find(({ id }) => id === draft.model) ?? currentOf(models);
  const newest = active.at(-1) ?? ended.find(({ result }) => result);
  const job = (focus && jobs.get(focus.job)) ?? newest;
  const index = focus && focus.job === job?.id ? focus.index : 0;
  const activeId = job && (job.state === 'queued' || job.state === 'running') ? job.id : undefined;

  const take = useCallback(
    async (files: readonly File[]) => {
      if (!model) return;
      const before = $inputs.get();
      await takeImages(files, model);
      const [first] = files;
      if (first) await offerSettings(first, () => setInputs(before));
    },
    [model],
  );
  useGivenImages(model, take);
  useEffect(() => showInAddress(`${queryFromDraft($draft.get())}`), []);
  useEffect(() => {
    if (activeId === undefined) return;
    const onKey = (event: KeyboardEvent) => {
      const isElsewhere = document.querySelector('[role=dialog],[role=listbox]') !== null;
      if (event.key === 'Escape' && !event.defaultPrevented && !isElsewhere) void cancel(activeId);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [activeId]);

  return (
    <div className="make">
      <SettingsForm model={model} />
      <section className="work" aria-label={words.stageLabel}>
        <Stage job={job} index={index} />
        <StatusLine job={job} index={index} />
        <Filmstrip jobs={ended} focus={job && { job: job.id, index }} />
      </section>
      <Announcer job={job} />
    </div>
  );
}
