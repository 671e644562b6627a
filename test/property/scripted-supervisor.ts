import {
  EaselError,
  type ErrorCode,
  type GenerationRequest,
  type ValidGenerationResult,
} from '@easel/plugin-sdk';
import type { Runner, RunnerCall } from '../../core/src/kernel/runner/runner.js';
import type { Supervisor } from '../../core/src/kernel/supervisor/supervisor.js';

/** `hang` ends when it is cancelled, `deaf` only when its run is killed; a code fails with it. */
export type Behaviour = 'ok' | 'hang' | 'deaf' | ErrorCode;

/** What has become of the work that was done. */
export interface Runs {
  running: number;
  succeeded: number;
  killed: number;
}

/**
 * A supervisor whose plugin does what `options` of each request says, after `takesMs`; killing ends all of
 * its work, as it does in a process.
 */
export function scriptedSupervisor(): { supervisor: Supervisor; runs: Runs } {
  const runs: Runs = { running: 0, succeeded: 0, killed: 0 };
  const endings = new Set<(reason: Error) => void>();

  const perform = (
    { options }: GenerationRequest,
    { signal }: RunnerCall,
  ): Promise<ValidGenerationResult> => {
    const { behaviour, takesMs } = options as { behaviour: Behaviour; takesMs: number };
    return new Promise((resolve, reject) => {
      endings.add(reject);
      if (behaviour !== 'deaf') signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (behaviour === 'hang' || behaviour === 'deaf') return;
      const error = behaviour === 'ok' ? undefined : new EaselError({ code: behaviour, message: 'as told' });
      setTimeout(() => (error ? reject(error) : resolve({} as ValidGenerationResult)), takesMs);
    });
  };

  const kill = (reason: Error): void => {
    runs.killed++;
    for (const end of endings) end(reason);
    endings.clear();
  };
  const runner: Partial<Runner> = {
    async generate(request: GenerationRequest, call: RunnerCall): Promise<ValidGenerationResult> {
      runs.running++;
      try {
        const made = await perform(request, call);
        runs.succeeded++;
        return made;
      } finally {
        runs.running--;
      }
    },
    kill,
  };
  const supervisor: Partial<Supervisor> = {
    state: 'ready',
    missingSecrets: [],
    running: async () => runner as Runner,
    redacted: (error) => error,
    kill,
    interrupt: (run, reason) => run.kill(reason),
    stop: async () => false,
  };
  return { supervisor: supervisor as Supervisor, runs };
}
