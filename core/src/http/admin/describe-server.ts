import type { FastifyRequest } from 'fastify';
import { coreVersion } from '../../version.js';
import { healthFor } from '../health-for.js';
import type { ServerContext } from '../server-context.js';
import { textFor } from '../server-paths.js';

/** How a server is, as its operator reads it. */
export async function describeServer(
  { manager, jobs, findStorageProblem }: ServerContext,
  request: FastifyRequest,
) {
  const { status, plugins, problems, waitingSettings } = healthFor(manager.getServiceHealth(), request);
  const storageProblem = await findStorageProblem();
  const now = Date.now();
  const backlog = await jobs.backlog().catch(() => []);
  return {
    status: storageProblem === undefined ? status : ('degraded' as const),
    version: coreVersion,
    pid: process.pid,
    uptime_s: Math.round(process.uptime()),
    current_model: manager.currentModel ?? null,
    storage_folder: textFor(manager.configuration.storageFolder, request),
    ...(storageProblem !== undefined && { storage_problem: textFor(storageProblem, request) }),
    jobs: backlog.map(({ state, count, oldest }) => ({
      state,
      count,
      ...(oldest !== undefined && { oldest_s: Math.round((now - oldest) / 1_000) }),
    })),
    plugins: plugins.map(({ id, version, state, available, inFlight, queued }) => ({
      ...{ id, version, state, available },
      ...{ in_flight: inFlight, queued },
    })),
    problems,
    waiting_settings: waitingSettings,
  };
}
