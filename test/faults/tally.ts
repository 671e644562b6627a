import type { CallReport } from './call-stubbornly.js';
import type { Site } from './site.js';

export interface Tally {
  /** Pictures that callers asked for. */
  readonly asked: number;
  /** Pictures that callers got. */
  readonly got: number;
  readonly paid: number;
  /** Pictures that were paid and that nobody can have; the caller of each was told. */
  readonly lost: number;
  /** Times that a process was killed. */
  readonly kills: number;
  /** What must not be, a sentence each. */
  readonly violations: readonly string[];
}

/**
 * Compares what callers say with what was paid.
 *
 * @param kills times that a process was killed
 * @param ended times that one ended, the provider's among them
 */
export function tallyOf(
  { paid, mayWaste }: Site,
  reports: readonly CallReport[],
  { kills, ended }: { readonly kills: number; readonly ended: number },
): Tally {
  const sum = (of: 'asked' | 'got' | 'lost') => reports.reduce((all, report) => all + report[of], 0);
  const [asked, got] = [sum('asked'), sum('got')];
  const lost = mayWaste ? Math.max(0, paid - got) : sum('lost');
  const violations = reports.flatMap((report) => report.violations);
  const most = mayWaste?.(ended);
  if (most !== undefined && lost > most)
    violations.push(`${lost} pictures were made in vain, and faults explain ${most}`);
  if (paid > got + lost)
    violations.push(`${paid} pictures were paid, ${got} came and ${lost} were lost as told`);
  if (paid < got) violations.push(`${got} pictures came, and ${paid} were paid`);
  return { asked, got, lost, paid, kills, violations };
}
