import type { PluginHealth } from '../../observe/health.js';
import { openAnswerer } from '../ask/answerer.js';
import { onlyPlugin } from '../ask/only-plugin.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { HealthFlags } from './flags.js';

/** `easel health`: exit status 0 for `ok`, 1 for `degraded`. */
export async function health(plugin: string | undefined, flags: HealthFlags): Promise<number> {
  await using answerer = await openAnswerer(flags);
  const measured = onlyPlugin(plugin, await answerer.health());
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
    if (measured.waitingSettings.length > 0)
      printNote(`wait for the next start: ${measured.waitingSettings.join(', ')}`);
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
