import type { Manifest } from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import { readConfiguration } from '../../config/read-configuration.js';
import { discoverPlugins } from '../../kernel/manifest/discover.js';
import { type HubSettings, readHubSettings } from '../../model-files/hub-settings.js';
import { type Catalogue, readCatalogue } from '../../models/catalogue.js';
import { sdkVersion } from '../../version.js';

/** What those commands work with; no plugin is started for it. */
export interface ModelCommandContext {
  readonly configuration: Configuration;
  readonly catalogue: Catalogue;
  readonly hub: HubSettings;
  /** Of all plugins that can be used. */
  readonly manifests: readonly Manifest[];
}

export function openContext({ config }: { readonly config?: string | undefined }): ModelCommandContext {
  const configuration = readConfiguration({ configFile: config });
  const { plugins } = discoverPlugins(configuration, sdkVersion);
  return {
    configuration,
    catalogue: readCatalogue(configuration),
    hub: readHubSettings(),
    manifests: plugins.map(({ manifest }) => manifest),
  };
}
