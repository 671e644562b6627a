import { dirname } from 'node:path';
import { EaselError, type HubSource, type Model } from '@easel/plugin-sdk';
import { readHubSettings } from './hub-settings.js';
import { type InstalledVersion, installedVersions } from './installed-versions.js';
import { withPartPaths } from './parts.js';

/** Whether its files are on this machine, as far as they have to be. */
export const isInstalled = ({ source }: Model): boolean =>
  source.type !== 'hub' || installedSource(source) !== undefined;

/** What is installed of a source: itself, or one of its variants. */
const installedSource = (source: HubSource): InstalledVersion | undefined =>
  installedVersions(source, readHubSettings().cacheFolder)[0];

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
  const type = installed.source.file === undefined ? 'folder' : 'file';
  const options = withPartPaths(model.options, type === 'folder' ? path : dirname(path));
  return { ...model, source: { type, path }, options };
}
