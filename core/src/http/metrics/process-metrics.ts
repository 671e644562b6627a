import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { FastifyInstance } from 'fastify';

const nanosecondsInASecond = 1e9;
const microsecondsInASecond = 1e6;

const line = (name: string, type: 'gauge' | 'counter', help: string, value: number) =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}`;

/**
 * How long the event loop was kept from its work since it was last asked, and what the process takes, as
 * lines for Prometheus.
 */
export function measureProcess(server: FastifyInstance): () => string {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  server.addHook('onClose', async () => void delay.disable());
  let loop = performance.eventLoopUtilization();
  return () => {
    const quantile = (share: number) =>
      `easel_event_loop_delay_seconds{quantile="${share}"} ${delay.percentile(100 * share) / nanosecondsInASecond}`;
    const busy = performance.eventLoopUtilization(loop).utilization;
    loop = performance.eventLoopUtilization();
    const { rss, external } = process.memoryUsage();
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const { user, system } = process.cpuUsage();
    const lines = [
      '# HELP easel_event_loop_delay_seconds How late timers of 10 ms were, those included, since the last look.',
      '# TYPE easel_event_loop_delay_seconds summary',
      ...[0.5, 0.99, 1].map(quantile),
      line(
        'easel_event_loop_busy_ratio',
        'gauge',
        'Share of the time since the last look that it worked.',
        busy,
      ),
      line('easel_process_resident_bytes', 'gauge', 'Resident memory of the server.', rss),
      line('easel_process_external_bytes', 'gauge', 'Memory of buffers beside the heap.', external),
      line('easel_process_heap_used_bytes', 'gauge', "JavaScript's heap in use.", used),
      line('easel_process_heap_limit_bytes', 'gauge', 'What the heap may grow to.', limit),
      line(
        'easel_process_cpu_seconds_total',
        'counter',
        'Processor time of the server, without plugins in processes of their own.',
        (user + system) / microsecondsInASecond,
      ),
    ];
    delay.reset();
    return `${lines.join('\n')}\n`;
  };
}
