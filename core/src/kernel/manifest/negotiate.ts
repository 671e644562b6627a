import { EaselError, type Manifest, wireProtocols } from '@easel/plugin-sdk';
import { satisfies, validRange } from 'semver';

/**
 * The wire protocol that kernel and plugin speak, the highest that both know. Throws ERR_API_INCOMPATIBLE,
 * with what each of the two offers, where they cannot talk.
 */
export function negotiate(manifest: Manifest, sdkVersion: string): number {
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
  const common = manifest.protocols.filter((protocol) => wireProtocols.includes(protocol));
  if (common.length > 0) return Math.max(...common);
  throw incompatible(
    `speaks wire protocol ${manifest.protocols.join(', ')}; this kernel speaks ${wireProtocols.join(' and ')}`,
  );
}
