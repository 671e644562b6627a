import { useEffect, useState } from 'react';
import { useWords } from '../language/words.js';
import type { LiveJob } from '../live/jobs.js';

const quarters = [75, 50, 25] as const;

/** Tells people who do not see the page of a job's start, its quarters and its end. */
export function Announcer({ job }: { readonly job: LiveJob | undefined }) {
  const words = useWords();
  const [text, setText] = useState('');
  const [watched, setWatched] = useState<string>();
  const { id, state, result, progress } = job ?? {};
  const percent = 100 * (progress?.fraction ?? 0);
  const quarter = quarters.find((quarter) => percent >= quarter);
  useEffect(() => {
    if (state === 'running') {
      setWatched(id);
      setText(quarter === undefined ? words.announceStart : words.announceDone(quarter));
    } else if (id !== undefined && id === watched) {
      if (result) setText(words.announceEnd(result.images.length));
      else if (state === 'cancelled') setText(words.cancelled);
    }
  }, [id, state, quarter, result, watched, words]);
  return (
    <div className="unseen" role="status">
      {text}
    </div>
  );
}
