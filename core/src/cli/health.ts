import type { PluginHealth } from '../observe/health.js';
import { exitStatus } from './exit-status.js';
import { type CommonFlags, openKernel } from './open-kernel.js';
import { printJson, printLine } from './output.js';
import { formatTable } from './table.js';

/** `easel health`: exit status 0 for `ok`, 1 for `degraded`. */
export async function health(flags: CommonFlags): Promise<number> {
  await using manager = await openKernel(flags);
  const measured = manager.getServiceHealth();
  if (flags.json) printJson(measured);
  else {
    printLine(`status: ${measured.status}`);
    if (measured.plugins.length > 0) {
      const headings = ['PLUGIN', 'STATE', 'CIRCUITS', 'CALLS', 'WAITING', 'RESTARTS', 'LAST ERROR'];
      printLine(formatTable(headings, measured.plugins.map(rowOf)));
    }
    if (measured.problems.length > 0) printLine('\nProblems:');
    for (const { code, message } of measured.problems) printLine(formatTable([`  ${code}`, message], []));
  }
  return measured.status === 'ok' ? exitStatus.ok : exitStatus.failed;
}

function rowOf({ id, state, breakers, inFlight, queued, restarts, lastError }: PluginHealth): string[] {
  const circuits = Object.entries(breakers).map(([type, breaker]) => `${type} ${breaker}`);
  const error = lastError ? `${lastError.code}: ${lastError.message}` : '-';
  return [id, state, circuits.join(', ') || '-', `${inFlight}`, `${queued}`, `${restarts}`, error];
}
