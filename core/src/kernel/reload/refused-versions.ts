import { EaselError } from '@easel/plugin-sdk';
import type { HostLogger } from '../../observe/plugin-logger.js';
import { type Discovery, findRejected } from '../manifest/discover.js';
import type { PluginFolder } from '../manifest/read.js';

/** Versions on disk that are not in use, and why. */
export class RefusedVersions {
  readonly #logger: HostLogger;
  /** By id: versions that did not start, which are not tried again until they change. */
  readonly #failed = new Map<string, { readonly fingerprint: string; readonly reason: EaselError }>();
  /** Folders whose manifest cannot be used. */
  #rejected: Discovery['rejected'] = [];
  /** What the log has said of such folders. */
  #told: ReadonlySet<string>;

  /** @param told what the log has said of folders whose manifests cannot be used */
  constructor(logger: HostLogger, told: readonly string[]) {
    this.#logger = logger;
    this.#told = new Set(told);
  }

  /** Why each of them is not in use, those with a wrong manifest first. */
  get reasons(): EaselError[] {
    return [...this.#rejected, ...this.#failed.values()].map(({ reason }) => reason);
  }

  /** Why the version of a plugin on disk is not in use. Undefined: it is. */
  reasonOf(id: string): EaselError | undefined {
    return (findRejected(this.#rejected, id) ?? this.#failed.get(id))?.reason;
  }

  has(id: string, fingerprint: string): boolean {
    return this.#failed.get(id)?.fingerprint === fingerprint;
  }

  /** Notes a version that did not start or did not stay; answers the error that tells so. */
  add({ manifest: { id, version } }: PluginFolder, fingerprint: string, error: unknown): EaselError {
    const cause = EaselError.isInstance(error) ? error : undefined;
    const reason = new EaselError({
      code: cause?.code ?? 'ERR_PLUGIN_START_FAILED',
      plugin: id,
      message: `The version ${version} of the plugin "${id}" on disk was not taken: ${(error as Error).message}`,
      hint: cause?.hint,
      cause: error,
    });
    this.#logger.warn(reason.message, { plugin: id, code: reason.code });
    this.#failed.set(id, { fingerprint, reason });
    return reason;
  }

  delete(id: string): void {
    this.#failed.delete(id);
  }

  /** Forgets versions that are no longer on disk. */
  keepOnly({ plugins }: Discovery): void {
    const found = new Set(plugins.map(({ manifest }) => manifest.id));
    for (const id of this.#failed.keys()) if (!found.has(id)) this.#failed.delete(id);
  }

  /** Notes the folders whose manifests cannot be used, in place of those before, and tells of each once. */
  setRejected(rejected: Discovery['rejected']): void {
    for (const { folder, reason } of rejected)
      if (!this.#told.has(reason.message)) this.#logger.warn(reason.message, { folder, code: reason.code });
    this.#told = new Set(rejected.map(({ reason }) => reason.message));
    this.#rejected = rejected;
  }
}
