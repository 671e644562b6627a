import { exitStatus } from './exit-status.js';
import { type CommonFlags, openKernel } from './open-kernel.js';
import { printJson, printLine } from './output.js';
import { formatTable } from './table.js';

/** `easel plugins`: what was found, used or not, and why not. */
export async function plugins(flags: CommonFlags): Promise<number> {
  await using manager = await openKernel(flags);
  const health = manager.getServiceHealth();
  const rejected = health.problems.filter(({ code }) => code !== 'ERR_CATALOGUE_INVALID');
  if (flags.json) {
    const found = health.plugins.map(({ id, version, state, pipelineTypes }) => ({
      id,
      version,
      enabled: state !== 'disabled',
      pipelineTypes,
    }));
    printJson({ plugins: found, rejected });
    return exitStatus.ok;
  }
  const rows = health.plugins.map(({ id, version, state, pipelineTypes }) => [
    id,
    version,
    pipelineTypes.join(', '),
    state === 'disabled' ? 'disabled, by the configuration' : 'enabled',
  ]);
  if (rows.length === 0) printLine('There are no plugins that can be used.');
  else printLine(formatTable(['ID', 'VERSION', 'PIPELINE TYPES', 'STATUS'], rows));
  if (rejected.length > 0) printLine('\nRejected:');
  for (const { code, message } of rejected) printLine(formatTable([`  ${code}`, message], []));
  return exitStatus.ok;
}
