import type { z } from 'zod';
import { answers } from '../../http/documentation/answers.js';
import { findServer } from '../ask/find-server.js';
import { parseCount } from '../flag-values.js';
import { formatDuration } from '../terminal/duration.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { CancelJobFlags, JobsFlags } from './flags.js';

type Job = z.output<typeof answers.job>;
const pathOf = (id: string) => `/api/images/jobs/${encodeURIComponent(id)}`;

/** `easel jobs`: the newest jobs, or one. */
export async function showJobs(id: string | undefined, flags: JobsFlags): Promise<number> {
  const limit = parseCount('--limit', flags.limit);
  const server = findServer(flags);
  if (id !== undefined) {
    printOne(await server.ask(answers.job, pathOf(id)), flags);
    return exitStatus.ok;
  }
  const { jobs } = await server.ask(answers.jobs, `/api/images/jobs?limit=${limit}`);
  if (flags.json) printJson({ jobs });
  else if (jobs.length === 0) printLine('There are no jobs.');
  else printLine(formatTable(['ID', 'STATE', 'ACCEPTED', 'TOOK', 'RESULT'], jobs.map(rowOf)));
  return exitStatus.ok;
}

/** `easel jobs cancel`. */
export async function cancelJob(id: string, flags: CancelJobFlags): Promise<number> {
  const job = await findServer(flags).ask(answers.job, pathOf(id), { method: 'DELETE' });
  if (flags.json) printJson(job);
  else printLine(`${job.id} is ${job.state}.`);
  return exitStatus.ok;
}

function printOne(job: Job, { json }: Pick<JobsFlags, 'json'>): void {
  if (json) {
    printJson(job);
    return;
  }
  printLine(formatTable(['ID', 'STATE', 'ACCEPTED', 'TOOK', 'RESULT'], [rowOf(job)]));
  for (const { url } of imagesOf(job)) printLine(String(url));
  if (job.error) printLine(`${job.error.code}: ${job.error.message}`);
}

function rowOf(job: Job): string[] {
  const { id, state, created_at, started_at, ended_at, error } = job;
  const tookMs = Date.parse(ended_at ?? '') - Date.parse(started_at ?? '');
  const made = imagesOf(job).length;
  return [
    id,
    state,
    created_at ?? '-',
    Number.isNaN(tookMs) ? '-' : formatDuration(tookMs / 1_000),
    error?.code ?? (made > 0 ? `${made} ${made === 1 ? 'image' : 'images'}` : '-'),
  ];
}

const imagesOf = ({ result }: Job) => result?.images ?? [];
