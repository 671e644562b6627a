import type { Fault, SeenRequest } from '@easel/plugin-sdk/emulator';

/** Method and path of a request, its number among those, and what happens to it. */
export type Step = readonly [string, RegExp, number, Fault];

export const before = { breakOff: 'before' } as const;
export const after = { breakOff: 'after' } as const;

/** Kills a plugin's process when the request of that number comes, and lets the fault happen to it. */
export function killAt(pid: () => number, [method, path, number, fault]: Step) {
  let seen = 0;
  return (request: SeenRequest): Fault | undefined => {
    if (request.method !== method || !path.test(request.path)) return undefined;
    seen += 1;
    if (seen !== number) return undefined;
    // What trickles is to be on its way when the process dies.
    const kill = () => process.kill(pid(), 'SIGKILL');
    if (fault.trickle) setTimeout(kill, 150);
    else kill();
    return fault;
  };
}
