import { randomUUID } from 'node:crypto';
import { JPEG, PNG } from '@trustnxt/c2pa-ts/asset';
import type { Signer } from '@trustnxt/c2pa-ts/cose';
import {
  ActionAssertion,
  ActionType,
  ClaimVersion,
  DataHashAssertion,
  DigitalSourceType,
  ManifestStore,
} from '@trustnxt/c2pa-ts/manifest';
import { coreVersion } from '../../version.js';
import type { DigitalSource } from '../digital-source.js';

const sources = {
  made: DigitalSourceType.TrainedAlgorithmicMedia,
  edited: DigitalSourceType.CompositeWithTrainedAlgorithmicMedia,
} as const satisfies Record<DigitalSource, DigitalSourceType>;

const assets = { 'image/png': PNG, 'image/jpeg': JPEG } as const;
/** Media types of the files that can be signed. */
export type SignableMediaType = keyof typeof assets;
export const isSignable = (mediaType: string): mediaType is SignableMediaType =>
  Object.hasOwn(assets, mediaType);

/**
 * A PNG or JPEG file with a C2PA manifest: a claim of version 2 that a model has made it, over every byte
 * but the manifest's.
 */
export async function signFile(
  bytes: Uint8Array,
  mediaType: SignableMediaType,
  source: DigitalSource,
  signer: Signer,
): Promise<Uint8Array> {
  const asset = new assets[mediaType](bytes);
  const store = new ManifestStore();
  const manifest = store.createManifest({
    claimVersion: ClaimVersion.V2,
    assetFormat: mediaType,
    instanceID: `xmp:iid:${randomUUID()}`,
    defaultHashAlgorithm: 'SHA-256',
    signer,
  });
  if (manifest.claim) {
    manifest.claim.claimGeneratorName = 'Easel';
    manifest.claim.claimGeneratorVersion = coreVersion;
  }
  const hash = DataHashAssertion.create('SHA-256');
  manifest.addAssertion(hash);
  const actions = new ActionAssertion();
  actions.label = 'c2pa.actions.v2';
  actions.actions = [
    {
      action: ActionType.C2paCreated,
      digitalSourceType: sources[source],
      softwareAgent: { name: 'Easel', version: coreVersion },
    },
  ];
  manifest.addAssertion(actions);
  await asset.ensureManifestSpace(store.measureSize());
  await hash.updateWithAsset(asset);
  await manifest.sign(signer);
  await asset.writeManifestJUMBF(store.getBytes());
  return await asset.getDataRange();
}
