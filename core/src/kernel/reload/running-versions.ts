import { dropGeneration, takeGeneration } from '../generations/generation.js';
import type { PluginFolder } from '../manifest/read.js';

/** The version of a plugin that runs. */
interface RunningVersion {
  readonly fingerprint: string;
  /**
   * A copy of its folder, which it can be started from again. Absent: the folder has changed before it could
   * be copied.
   */
  readonly copy: PluginFolder | undefined;
}

/** Which version of each plugin runs, by the plugin's id, and a copy of each for the way back to it. */
export class RunningVersions {
  readonly #versions = new Map<string, RunningVersion>();

  get(id: string): RunningVersion | undefined {
    return this.#versions.get(id);
  }

  /** Notes a version that runs from a copy which is there already. */
  set(id: string, version: RunningVersion): void {
    this.#versions.set(id, version);
  }

  /** Notes a version that runs, and copies its folder. Rejects with the signal's reason. */
  async copy(
    plugin: PluginFolder,
    fingerprint: string,
    storageFolder: string,
    signal: AbortSignal,
  ): Promise<void> {
    const copy = await takeGeneration(plugin, fingerprint, storageFolder, signal);
    this.#versions.set(plugin.manifest.id, { fingerprint, copy });
  }

  /** Removes the copy of the version that runs. */
  async dropCopy(id: string): Promise<void> {
    const version = this.#versions.get(id);
    if (!version?.copy) return;
    this.#versions.set(id, { ...version, copy: undefined });
    await dropGeneration(version.copy);
  }

  /** Forgets a plugin, and removes the copy of its folder. */
  async remove(id: string): Promise<void> {
    const dropped = this.dropCopy(id);
    this.#versions.delete(id);
    await dropped;
  }

  /** Removes all copies. */
  async close(): Promise<void> {
    await Promise.all([...this.#versions.keys()].map((id) => this.remove(id)));
  }
}
