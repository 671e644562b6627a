import { Dialog } from '@base-ui/react/dialog';
import { useStore } from '@nanostores/react';
import { useRef } from 'react';
import { DialogFrame } from '../controls/dialog-frame.js';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';
import { $active, type LiveJob } from '../live/jobs.js';
import { cancel } from '../make/submit.js';
import { moveJob } from './order.js';

/** All that waits and runs, in one place, and the button that opens it. */
export function QueueDrawer() {
  const words = useWords();
  const active = useStore($active);
  const waiting = active.filter(({ state }) => state === 'queued');
  return (
    <DialogFrame
      title={words.queue}
      note={waiting.length > 0 ? words.waitingCount(waiting.length) : ''}
      shape="drawer"
      trigger={
        <Dialog.Trigger className="queue-button">
          <Icon name="queue" />
          {words.queue}
          {active.length > 0 && <span className="count figure">{active.length}</span>}
        </Dialog.Trigger>
      }
    >
      {active.length === 0 ? (
        <p className="drawer-empty">{words.queueEmpty}</p>
      ) : (
        <>
          <ul className="queue">
            {active.map((job) => (
              <QueueRow key={job.id} job={job} waiting={waiting} />
            ))}
          </ul>
          <footer className="drawer-foot">
            <button
              type="button"
              onClick={() => void Promise.all(active.toReversed().map(({ id }) => cancel(id)))}
            >
              {words.cancelAll(active.length)}
            </button>
          </footer>
        </>
      )}
    </DialogFrame>
  );
}

interface RowProps {
  readonly job: LiveJob;
  /** All that wait, the next one first. */
  readonly waiting: readonly LiveJob[];
}

function QueueRow({ job, waiting }: RowProps) {
  const words = useWords();
  const place = waiting.indexOf(job);
  const { request, state, progress } = job;
  const prompt = request?.prompt ?? job.id;
  const acts = useRef<HTMLDivElement>(null);
  const move = (by: -1 | 1) => {
    void moveJob(waiting, job.id, by);
    // A row loses the focus where it is moved, and so does a button that leads no further.
    requestAnimationFrame(() => {
      const [earlier, later] = acts.current?.querySelectorAll('button') ?? [];
      const [pressed, other] = by < 0 ? [earlier, later] : [later, earlier];
      (pressed?.disabled ? other : pressed)?.focus();
    });
  };
  const facts = [state === 'running' ? words.running : words.queued, request?.model, request?.size];
  return (
    <li className="queue-row">
      <p className="queue-prompt" dir="auto">
        {prompt}
      </p>
      <p className="fine">
        {facts.filter(Boolean).join(' · ')}
        {request && request.n > 1 && ` · ${request.n}×`}
      </p>
      {state === 'running' && (
        <progress value={progress?.fraction ?? 0} max={1} aria-label={words.progress} />
      )}
      <div className="queue-acts" ref={acts}>
        {waiting.length > 1 && place >= 0 && (
          <>
            <button
              type="button"
              className="square bare"
              aria-label={words.earlier(prompt)}
              disabled={place === 0}
              onClick={() => move(-1)}
            >
              <Icon name="up" />
            </button>
            <button
              type="button"
              className="square bare"
              aria-label={words.later(prompt)}
              disabled={place === waiting.length - 1}
              onClick={() => move(1)}
            >
              <Icon name="down" />
            </button>
          </>
        )}
        <button
          type="button"
          className="square bare"
          aria-label={words.cancelJob(prompt)}
          onClick={() => void cancel(job.id)}
        >
          <Icon name="close" />
        </button>
      </div>
    </li>
  );
}
