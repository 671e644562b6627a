import { existsSync, watch as watchFolder } from 'node:fs';
import { basename, dirname, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { watch as watchTree } from 'chokidar';

/**
 * Longer than the 100 ms for which chokidar holds a removal back, and than most programs take to write a few
 * files.
 */
const debounceMs = 200;
/** A file that changes all the time, such as a log, must not put off the others for ever. */
const longestWaitMs = 1_000;

export interface Watcher {
  close(): Promise<void>;
}

/**
 * Calls `onDirty` when it has begun to watch, and some time after anything has changed below the paths. A
 * call says only that something may have changed; what has is for the listener to find out, so that lost and
 * doubled events do no harm.
 *
 * @param paths asked for anew after each change, since that may have been to the paths themselves
 * @param onDirty never rejects; after it the paths are asked for once more
 */
export function watchPaths(paths: () => readonly string[], onDirty: () => Promise<void>): Watcher {
  let timer: NodeJS.Timeout | undefined;
  let dirtySince: number | undefined;
  let isClosed = false;
  let isRenewing = false;
  let close = begin();

  function touch(): void {
    if (isRenewing || isClosed) return;
    clearTimeout(timer);
    dirtySince ??= performance.now();
    const leftMs = Math.max(0, dirtySince + longestWaitMs - performance.now());
    timer = setTimeout(() => void renew(), Math.min(debounceMs, leftMs)).unref();
  }

  // chokidar goes on watching a folder that was moved away when another one has taken its place, and its
  // watchers share what they watch: so each change gets new eyes, after the old ones are shut. What happens
  // in between, the listener finds when they have opened.
  async function renew(): Promise<void> {
    dirtySince = undefined;
    isRenewing = true;
    await close();
    isRenewing = false;
    if (!isClosed) close = begin();
  }

  function begin(): () => Promise<void> {
    const all = paths();
    // With a path that is not there, chokidar says that it is ready before it is, and what changes in between
    // is lost.
    const there = all.filter((path) => existsSync(path));
    const tree = watchTree(there, {
      ignoreInitial: true,
      persistent: false,
      ignored: (path) => isIgnored(path, there),
    });
    tree.on('all', touch);
    // A folder that cannot be watched, or no longer, is not worth a crash of the host.
    tree.on('error', () => {});
    const look = () => void onDirty().then(() => isDeepStrictEqual(paths(), all) || touch());
    if (there.length > 0) tree.once('ready', look);
    else queueMicrotask(look);
    const stops = all.map((path) =>
      there.includes(path) ? watchEntries(path, touch) : watchForArrival(path, touch),
    );
    return async () => {
      for (const stop of stops) stop();
      await tree.close();
    };
  }

  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await close();
    },
  };
}

/**
 * Whether packages or Git keep it. A plugin that is a package lies in `node_modules` itself; what counts is
 * where it is below a watched path.
 */
function isIgnored(path: string, watched: readonly string[]): boolean {
  const roots = watched.filter((root) => path === root || path.startsWith(root + sep));
  return roots.every((root) => /[\\/](node_modules|\.git)([\\/]|$)/.test(path.slice(root.length)));
}

/** Tells when a path that is not there, or the folder that it would be in, may have come. */
function watchForArrival(path: string, onChange: () => void): () => void {
  const parent = dirname(path);
  if (!existsSync(parent) && parent !== path) return watchForArrival(parent, onChange);
  const stop = watchEntries(parent, (name) => {
    if (name === null || name === basename(path)) onChange();
  });
  // It may have come before the watcher.
  if (existsSync(path)) onChange();
  return stop;
}

/**
 * Tells when a folder's own entries change hands: chokidar does not notice one that is renamed onto the place
 * of another.
 */
function watchEntries(folder: string, onChange: (name: string | null) => void): () => void {
  try {
    const watcher = watchFolder(folder, { persistent: false }, (_, name) => onChange(name));
    watcher.on('error', () => {});
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
