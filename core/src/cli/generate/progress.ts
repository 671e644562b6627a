import type { Progress } from '@easel/plugin-sdk';
import { startBar } from '../terminal/bar.js';
import { printable, printNote } from '../terminal/output.js';

export interface ProgressDisplay {
  readonly show: (progress: Progress) => void;
  /** Leaves the terminal as it was; nothing is shown afterwards. */
  readonly stop: () => void;
}

/** Milliseconds between two lines of one stage. */
const lineEveryMs = 1_000;

const stages: Readonly<Record<Progress['stage'], string>> = {
  queue: 'waiting for a place',
  load: 'loading the model',
  generate: 'making the picture',
  finish: 'finishing',
};

/** A bar that moves, for a terminal; cleared at the end. */
export async function createProgressBar(): Promise<ProgressDisplay> {
  const bar = await startBar('{stage} [{bar}] {percentage} % | {duration_formatted}{details}', {
    stage: 'starting',
    details: '',
  });
  let stopped = false;
  return {
    show(now) {
      if (stopped) return;
      const { step, steps, message } = now;
      const details = [stepsOf(step, steps), message].filter(Boolean).map((detail) => ` | ${detail}`);
      bar.update(Math.floor(now.fraction * 100), {
        stage: stages[now.stage],
        details: printable(details.join('').replace(/\s+/g, ' ')),
      });
    },
    stop() {
      if (!stopped) bar.stop();
      stopped = true;
    },
  };
}

/** Plain lines, for a log or another program: one when the stage changes, else about one a second. */
export function createProgressLines(): ProgressDisplay {
  let last: { stage: string; atMs: number } | undefined;
  let stopped = false;
  return {
    show({ stage, fraction, step, steps, message }) {
      const nowMs = performance.now();
      if (stopped || (last?.stage === stage && nowMs - last.atMs < lineEveryMs)) return;
      last = { stage, atMs: nowMs };
      const details = [stepsOf(step, steps), message, `${Math.floor(fraction * 100)} %`].filter(Boolean);
      printNote(`${stages[stage]}: ${details.join(', ').replace(/\s+/g, ' ')}`);
    },
    stop() {
      stopped = true;
    },
  };
}

export const noProgress: ProgressDisplay = { show() {}, stop() {} };

const stepsOf = (step: number | undefined, steps: number | undefined) =>
  step === undefined ? undefined : `step ${step}${steps === undefined ? '' : ` of ${steps}`}`;
