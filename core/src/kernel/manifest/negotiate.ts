import { EaselError, type Manifest } from '@easel/plugin-sdk';
import { satisfies, validRange } from 'semver';
import { protocolVersion } from '../runner/protocol.js';

/** Makes sure that kernel and plugin can talk. Throws ERR_API_INCOMPATIBLE with what each of the two offers. */
export function negotiate(manifest: Manifest, sdkVersion: string): void {
  const incompatible = (what: string) =>
    new EaselError({
      code: 'ERR_API_INCOMPATIBLE',
      plugin: manifest.id,
      message: `The plugin "${manifest.id}" ${what}.`,
    });
  if (!validRange(manifest.sdk))
    throw incompatible(`names "${manifest.sdk}" as its sdk, which is not a range of versions`);
  if (!satisfies(sdkVersion, manifest.sdk)) {
    throw incompatible(`was written for @easel/plugin-sdk ${manifest.sdk}; this kernel has ${sdkVersion}`);
  }
  if (!manifest.protocols.includes(protocolVersion)) {
    throw incompatible(
      `speaks wire protocol ${manifest.protocols.join(', ')}; this kernel speaks ${protocolVersion}`,
    );
  }
}
