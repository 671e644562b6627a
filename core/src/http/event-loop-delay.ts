import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';

const nanosecondsInASecond = 1e9;

/**
 * How long the event loop was kept from its work since it was last asked, and the memory of the process, as
 * lines for Prometheus.
 */
export function measureProcess(server: FastifyInstance): () => string {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  server.addHook('onClose', async () => void delay.disable());
  return () => {
    const quantile = (share: number) =>
      `easel_event_loop_delay_seconds{quantile="${share}"} ${delay.percentile(100 * share) / nanosecondsInASecond}`;
    const lines = [
      '# HELP easel_event_loop_delay_seconds How late timers of 10 ms were, those included, since the last look.',
      '# TYPE easel_event_loop_delay_seconds summary',
      ...[0.5, 0.99, 1].map(quantile),
      '# HELP easel_process_resident_bytes Resident memory of the server.',
      '# TYPE easel_process_resident_bytes gauge',
      `easel_process_resident_bytes ${process.memoryUsage.rss()}`,
    ];
    delay.reset();
    return `${lines.join('\n')}\n`;
  };
}
