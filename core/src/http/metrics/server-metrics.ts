import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';
import type { BudgetOfDay } from '../../costs/ledger.js';
import type { JobBacklog } from '../../jobs/database/job-place.js';
import { backlogSeconds, type Pace } from '../../jobs/pace.js';
import type { DiskPart } from '../../storage/disk-parts.js';
import { coreVersion } from '../../version.js';
import type { EndedRequest } from '../watch-requests.js';
import { countBudgets } from './budget-metrics.js';
import { CallMetrics } from './call-metrics.js';
import { countDisk } from './disk-metrics.js';

/** Seconds: from a list to an image on a processor. */
const durationBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];

/**
 * What a server counts beside its kernel: requests by route and status, calls by key, jobs that have not
 * ended, its disk, the budgets of today, and its version.
 */
export class ServerMetrics {
  readonly #prometheus = createRequire(import.meta.url)('prom-client') as typeof Prometheus;
  readonly #register = new this.#prometheus.Registry();
  readonly #requests = new this.#prometheus.Histogram({
    name: 'easel_http_request_duration_seconds',
    help: 'How long requests took; status 499 is a caller that went away.',
    labelNames: ['method', 'route', 'status'],
    buckets: durationBuckets,
    registers: [this.#register],
  });

  readonly #jobs = new this.#prometheus.Gauge({
    name: 'easel_jobs',
    help: 'Jobs that have not ended, by their state.',
    labelNames: ['state'],
    registers: [this.#register],
  });
  readonly #ages = new this.#prometheus.Gauge({
    name: 'easel_job_oldest_seconds',
    help: 'Age of the oldest job of a state; 0 where there is none.',
    labelNames: ['state'],
    registers: [this.#register],
  });
  readonly #waiting = new this.#prometheus.Gauge({
    name: 'easel_backlog_seconds',
    help: 'Seconds of work that waits, for each place of all servers that share the jobs; with a lane, of those that can do it.',
    labelNames: ['lane'],
    registers: [this.#register],
  });
  readonly calls = new CallMetrics(this.#register);
  readonly #backlog: () => Promise<readonly JobBacklog[]>;
  readonly #pace: () => Promise<Pace>;

  /**
   * @param backlog answers the jobs that have not ended, by their state
   * @param pace answers how fast they are done
   * @param parts of the disk that are measured
   * @param budgets answers what is spent of each
   */
  constructor(
    backlog: () => Promise<readonly JobBacklog[]>,
    pace: () => Promise<Pace>,
    parts: () => readonly DiskPart[],
    budgets: () => Promise<readonly BudgetOfDay[]>,
  ) {
    this.#backlog = backlog;
    this.#pace = pace;
    countDisk(this.#register, parts);
    countBudgets(this.#register, budgets);
    new this.#prometheus.Gauge({
      name: 'easel_build_info',
      help: 'Always 1.',
      labelNames: ['version', 'node'],
      registers: [this.#register],
    }).set({ version: coreVersion, node: process.version }, 1);
  }

  count({ request: { method, routeOptions }, status, durationMs }: EndedRequest): void {
    // What has no route may have any path, and would be a series each.
    const labels = { method, route: routeOptions.url ?? 'none', status: String(status) };
    this.#requests.observe(labels, durationMs / 1_000);
  }

  async print(): Promise<string> {
    // Where the database cannot be asked, the rest is still told.
    const jobs = await this.#backlog().catch(() => []);
    const pace = await this.#pace().catch(() => undefined);
    // No number at all is better than one that is not true: a scaler stays where it is.
    this.#waiting.reset();
    this.#waiting.set({}, pace ? backlogSeconds(pace) : Number.NaN);
    for (const lane of pace?.lanes ?? []) this.#waiting.set({ lane: lane.lane }, backlogSeconds(lane));
    this.#jobs.reset();
    this.#ages.reset();
    for (const { state, count, oldest } of jobs) {
      this.#jobs.set({ state }, count);
      this.#ages.set({ state }, oldest === undefined ? 0 : Math.max(0, Date.now() - oldest) / 1_000);
    }
    return await this.#register.metrics();
  }
}
