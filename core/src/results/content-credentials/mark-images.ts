import { EaselError, type Image, type Warning } from '@easel/plugin-sdk';
import type { DigitalSource } from '../digital-source.js';
import { embedProvenance, hasManifest } from '../embed-provenance.js';
import type { ImageResult } from '../image-result.js';
import { type CredentialFiles, readCredentials } from './read-credentials.js';

/** Writes into each image of a result where it comes from, and signs it where an operator wants that. */
export type MarkImages = (result: ImageResult, source: DigitalSource) => Promise<ImageResult>;

/**
 * What marks images.
 *
 * @param files what they are signed with. Absent: they are not signed
 * @throws EaselError ERR_CONFIG_INVALID where they cannot be signed with these files
 */
export async function openImageMarker(files: CredentialFiles | undefined): Promise<MarkImages> {
  if (!files) return async (result, source) => embedProvenance(result, source);
  const credentials = await readCredentials(files);
  const { claimSigner, isSignable, signFile } = await loadSigning();
  const signer = claimSigner(credentials);
  return async (given, source) => {
    const result = embedProvenance(given, source);
    const warnings: Warning[] = [];
    const sign = async (image: Image, index: number): Promise<Image> => {
      const { bytes, mediaType } = image;
      // A JPEG or WebP file whose provider has signed it keeps that signature.
      if (mediaType !== 'image/png' && hasManifest(bytes)) return image;
      try {
        if (isSignable(mediaType))
          return { ...image, bytes: new Uint8Array(await signFile(bytes, mediaType, source, signer)) };
        throw new Error(`${mediaType} files are not signed, PNG and JPEG files are`);
      } catch (error) {
        // It may have been paid: rather without a manifest than not at all.
        const message = `Image ${index + 1} has no C2PA manifest: ${(error as Error).message}.`;
        warnings.push({ code: 'other', message });
        return image;
      }
    };
    const images: Image[] = [];
    for (const [index, image] of result.images.entries()) images.push(await sign(image, index));
    return { ...result, images, warnings: [...result.warnings, ...warnings] };
  };
}

/** Only where images are signed: these packages need not be installed. */
async function loadSigning() {
  try {
    return { ...(await import('./claim-signer.js')), ...(await import('./sign-file.js')) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: 'contentCredentials: a package that signs images is not installed.',
      hint: 'Install it: npm install @trustnxt/c2pa-ts @peculiar/x509',
    });
  }
}
