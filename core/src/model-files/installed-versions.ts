import type { HubSource } from '@easel/plugin-sdk';
import { installedPath } from './cache-folder.js';
import { variantsOf } from './hub-variants.js';

/** A version of a model that is on this machine. */
export interface InstalledVersion {
  /** Absent: the model itself. */
  readonly variant?: string;
  readonly source: HubSource;
  /** Absolute. */
  readonly path: string;
}

/** What is installed of a source; the first is the one that is used. */
export function installedVersions(source: HubSource, cacheFolder: string): InstalledVersion[] {
  return [[undefined, source] as const, ...variantsOf(source)].flatMap(([variant, each]) => {
    const path = installedPath(each, cacheFolder);
    if (path === undefined) return [];
    return [{ ...(variant === undefined ? {} : { variant }), source: each, path }];
  });
}
