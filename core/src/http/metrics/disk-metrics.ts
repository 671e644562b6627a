import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';
import type { DiskPart } from '../../storage/disk-parts.js';
import { DiskUse } from '../../storage/disk-use.js';

/** Adds how much is on disk to what is told; see {@link DiskUse}. */
export function countDisk(register: Prometheus.Registry, parts: () => readonly DiskPart[]): void {
  const { Gauge } = createRequire(import.meta.url)('prom-client') as typeof Prometheus;
  const use = new DiskUse(parts);
  new Gauge({
    name: 'easel_disk_bytes',
    help: 'What Easel keeps on disk, by its part, as measured within the last minutes; plugin: of each plugin.',
    labelNames: ['part', 'plugin'],
    registers: [register],
    collect() {
      this.reset();
      for (const { name, plugin, bytes } of use.latest()) this.set({ part: name, plugin }, bytes);
    },
  });
}
