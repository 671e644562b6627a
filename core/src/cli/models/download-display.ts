import type { InstallProgress } from '../../model-files/install.js';
import { startBar } from '../terminal/bar.js';
import { formatBytes } from '../terminal/bytes.js';
import { printable, printNote } from '../terminal/output.js';

export interface DownloadDisplay {
  readonly show: (progress: InstallProgress) => void;
  readonly stop: () => void;
}

/** Milliseconds between two lines where there is no terminal, and over which the speed is measured. */
const lineEveryMs = 2_000;

/** How far a download is, with speed and time left: a bar on a terminal, lines elsewhere. */
export async function createDownloadDisplay(isQuiet: boolean | undefined): Promise<DownloadDisplay> {
  if (isQuiet) return { show() {}, stop() {} };
  const speed = new Speed();
  if (!process.stderr.isTTY) return createLines(speed);
  const bar = await startBar('[{bar}] {percentage} % | {text}', { text: 'asking the hub' });
  return {
    show(now) {
      bar.update(Math.floor((100 * now.bytes) / Math.max(1, now.totalBytes)), { text: speed.describe(now) });
    },
    stop: () => bar.stop(),
  };
}

function createLines(speed: Speed): DownloadDisplay {
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    show(now) {
      const text = speed.describe(now);
      if (performance.now() - toldAt < lineEveryMs) return;
      toldAt = performance.now();
      printNote(text);
    },
    stop() {},
  };
}

/** Bytes a second since the beginning, without those that were there already. */
class Speed {
  #from: { readonly bytes: number; readonly atMs: number } | undefined;

  describe({ file, bytes, totalBytes }: InstallProgress): string {
    this.#from ??= { bytes, atMs: performance.now() };
    const seconds = (performance.now() - this.#from.atMs) / 1000;
    const perSecond = (bytes - this.#from.bytes) / Math.max(seconds, 0.001);
    const left = perSecond > 0 ? Math.ceil((totalBytes - bytes) / perSecond) : undefined;
    const pace =
      seconds < 0.5 || left === undefined ? [] : [`${formatBytes(perSecond)}/s`, `${timeOf(left)} left`];
    return printable([file, `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`, ...pace].join(', '));
  }
}

function timeOf(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
