import { EaselError, type Model } from '@easel/plugin-sdk';
import { installedPath } from './cache-folder.js';
import { readHubSettings } from './hub-settings.js';

/** Whether its files are on this machine, as far as they have to be. */
export const isInstalled = ({ source }: Model): boolean =>
  source.type !== 'hub' || installedPath(source, readHubSettings().cacheFolder) !== undefined;

/** The model with the place on disk of what was installed from a hub. Throws ERR_MODEL_NOT_INSTALLED. */
export function withInstalledSource(model: Model): Model {
  const { id, source } = model;
  if (source.type !== 'hub') return model;
  const path = installedPath(source, readHubSettings().cacheFolder);
  if (path === undefined) {
    throw new EaselError({
      code: 'ERR_MODEL_NOT_INSTALLED',
      message: `The model "${id}" is not on this machine; it lies at ${source.repository} on the hub.`,
      hint: `Fetch it: easel models install ${id}`,
    });
  }
  return { ...model, source: { type: source.file === undefined ? 'folder' : 'file', path } };
}
