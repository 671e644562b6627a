import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DatabaseThread } from '../../core/dist/jobs/database/database-thread.js';
import { type JobEvent, JobEvents } from '../../core/dist/jobs/job-events.js';

// The built files: the database runs on a thread, which starts them.
it('a listener that comes while the database is asked about others is not told that its job is gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-events-'));
  const database = new DatabaseThread(join(folder, 'jobs.db'), () => {});
  const newcomers: string[] = [];
  const events: JobEvents = new JobEvents(
    database.jobTable,
    () => {
      // The look that begins with this has its ids, and waits for the database.
      queueMicrotask(() => newcomers.push(listen(randomUUID())));
      return [];
    },
    () => {},
  );
  onTestFinished(async () => {
    events.stop();
    await database.close();
    await rm(folder, { recursive: true, maxRetries: 10 });
  });
  const heard = new Map<string, JobEvent[]>();
  const listen = (id: string) => {
    heard.set(id, []);
    events.listen(id, (event) => heard.get(id)?.push(event));
    return id;
  };
  const gone = listen(randomUUID());
  events.start();
  await expect.poll(() => heard.get(gone)).toMatchObject([{ type: 'stuck' }]);
  expect(heard.get(newcomers[0] ?? '')).toEqual([]);
});
