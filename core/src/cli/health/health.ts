import type { PluginHealth } from '../../observe/health.js';
import { openKernel } from '../open-kernel.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { HealthFlags } from './flags.js';

/** `easel health`: exit status 0 for `ok`, 1 for `degraded`. */
export async function health(flags: HealthFlags): Promise<number> {
  await using manager = await openKernel(flags);
  const measured = manager.getServiceHealth();
  if (flags.json) printJson(measured);
  else {
    printLine(`status: ${measured.status}`);
    if (measured.plugins.length > 0) {
      const headings = [
        'PLUGIN',
        'VERSION',
        'STATE',
        'CIRCUITS',
        'CALLS',
        'WAITING',
        'RESTARTS',
        'LAST ERROR',
      ];
      printLine(formatTable(headings, measured.plugins.map(rowOf)));
    }
    if (measured.problems.length > 0) printLine('\nProblems:');
    for (const { code, message } of measured.problems) printLine(formatTable([`  ${code}`, message], []));
  }
  return measured.status === 'ok' ? exitStatus.ok : exitStatus.failed;
}

function rowOf(plugin: PluginHealth): string[] {
  const { id, version, generation, missingSecrets, lastError } = plugin;
  const circuits = Object.entries(plugin.breakers).map(([type, breaker]) => `${type} ${breaker}`);
  const state = missingSecrets ? `not configured: set ${missingSecrets.join(', ')}` : plugin.state;
  return [
    id,
    generation === 1 ? version : `${version}, its ${generation}. here`,
    state,
    circuits.join(', ') || '-',
    `${plugin.inFlight}`,
    `${plugin.queued}`,
    `${plugin.restarts}`,
    lastError ? `${lastError.code}: ${lastError.message}` : '-',
  ];
}
