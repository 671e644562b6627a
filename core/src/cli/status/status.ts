import type { z } from 'zod';
import { answers } from '../../http/documentation/answers.js';
import { findServer } from '../ask/find-server.js';
import { formatDuration } from '../terminal/duration.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { StatusFlags } from './flags.js';

type Status = z.output<typeof answers.status>;

/** `easel status`: exit status 0 for `ok`, 1 for `degraded` or no server. */
export async function status(flags: StatusFlags): Promise<number> {
  const server = findServer(flags);
  const { success: _, ...answer } = await server.ask(answers.status, '/api/admin/status');
  if (flags.json) printJson({ url: server.url, ...answer });
  else for (const line of linesOf(server.url, answer as Status)) printLine(line);
  return answer.status === 'ok' ? exitStatus.ok : exitStatus.failed;
}

function linesOf(url: string, status: Status): string[] {
  const rows = [
    ['server', `${url}, Easel ${status.version}, process ${status.pid}`],
    ['status', `${status.status}, for ${formatDuration(status.uptime_s)}`],
    ['model', status.current_model ?? 'none'],
    ['jobs', status.jobs.map(describeJobs).join('; ')],
    ['storage', `${status.storage_folder}${status.storage_problem ? `: ${status.storage_problem}` : ''}`],
    ...(status.waiting_settings.length > 0
      ? [['wait for a restart', status.waiting_settings.join(', ')]]
      : []),
    ...status.problems.map(({ code, message }) => ['problem', `${code}: ${message}`]),
  ];
  const plugins = status.plugins.map(({ id, version, state, available, in_flight, queued }) => [
    id,
    version,
    available || state === 'disabled' ? state : `${state}, not available`,
    `${in_flight} + ${queued}`,
  ]);
  return [
    formatTable(rows[0] ?? [], rows.slice(1)),
    '',
    formatTable(['PLUGIN', 'VERSION', 'STATE', 'CALLS'], plugins),
  ];
}

const describeJobs = ({ state, count, oldest_s: age }: Status['jobs'][number]) =>
  `${count} ${state}${age === undefined ? '' : `, the first for ${formatDuration(age)}`}`;
