import { EaselError, type HubSource, type Model } from '@easel/plugin-sdk';
import { installedPath } from './cache-folder.js';
import { readHubSettings } from './hub-settings.js';
import { sourcesOf } from './hub-variants.js';

/** Whether its files are on this machine, as far as they have to be. */
export const isInstalled = ({ source }: Model): boolean =>
  source.type !== 'hub' || installedSource(source) !== undefined;

/** What is installed of a source: itself, or one of its variants. */
function installedSource(
  source: HubSource,
): { readonly source: HubSource; readonly path: string } | undefined {
  const { cacheFolder } = readHubSettings();
  for (const each of sourcesOf(source)) {
    const path = installedPath(each, cacheFolder);
    if (path !== undefined) return { source: each, path };
  }
  return undefined;
}

/** The model with the place on disk of what was installed from a hub. Throws ERR_MODEL_NOT_INSTALLED. */
export function withInstalledSource(model: Model): Model {
  const { id, source } = model;
  if (source.type !== 'hub') return model;
  const installed = installedSource(source);
  if (installed === undefined) {
    throw new EaselError({
      code: 'ERR_MODEL_NOT_INSTALLED',
      message: `The model "${id}" is not on this machine; it lies at ${source.repository} on the hub.`,
      hint: `Fetch it: easel models install ${id}`,
    });
  }
  const { path } = installed;
  return { ...model, source: { type: installed.source.file === undefined ? 'folder' : 'file', path } };
}
