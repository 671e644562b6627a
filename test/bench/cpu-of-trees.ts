import { readdirSync, readFileSync } from 'node:fs';

const ticksASecond = 100;

/** Seconds of processor that each process and all that it has started have used. Linux only. */
export function cpuOfTrees(roots: readonly number[]): number[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
        // Fields 4, 14 and 15 of proc(5); what comes after the name begins with the third.
        const [parent, user = 0, system = 0] = [fields[1], fields[11], fields[12]].map(Number);
        return [{ pid: Number(pid), parent, seconds: (user + system) / ticksASecond }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  const sum = (root: number): number =>
    processes.reduce(
      (total, { pid, parent, seconds }) =>
        total + (pid === root ? seconds : 0) + (parent === root ? sum(pid) : 0),
      0,
    );
  return roots.map(sum);
}
