import type { PlannedCall } from '../../kernel/routing/explain.js';
import { formatBytes } from '../terminal/bytes.js';
import { printLine } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';

/** Shows what a request would hold in memory, network by network, and whether it fits. */
export function printPlan({ plugin, model, memory }: PlannedCall): void {
  printLine('');
  if (!memory) {
    printLine(`${plugin} does not say what ${model} holds in memory.`);
    return;
  }
  const rows = memory.networks.map(({ name, weightBytes, stages, heldBytes }) => [
    name,
    formatBytes(weightBytes),
    `${stages}`,
    formatBytes(heldBytes),
  ]);
  printLine(formatTable(['NETWORK', 'WEIGHTS', 'STAGES', 'HELD AT ONCE'], rows));
  const { budgetBytes, limitBytes, leastBytes, networks } = memory;
  const together = networks.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  printLine('');
  if (leastBytes > limitBytes)
    printLine(
      `It does not fit: ${formatBytes(limitBytes)} are allowed, and ${formatBytes(leastBytes)} needed.`,
    );
  else if (together <= budgetBytes)
    printLine(`All networks stay open: ${formatBytes(together)} of ${formatBytes(budgetBytes)}.`);
  else
    printLine(
      `Networks are closed for others: all would hold ${formatBytes(together)}, and ${formatBytes(budgetBytes)} are allowed. ${formatBytes(leastBytes)} are the least.`,
    );
}
