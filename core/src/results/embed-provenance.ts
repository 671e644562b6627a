import { EaselError, type Image, type Warning } from '@easel/plugin-sdk';
import { coreVersion } from '../version.js';
import { writeAvifMetadata } from './avif-metadata.js';
import { type DigitalSource, xmpKeyword, xmpOf } from './digital-source.js';
import { exifComment } from './exif-comment.js';
import type { ImageResult, Provenance } from './image-result.js';
import { writeJpegMetadata } from './jpeg-metadata.js';
import { formatParametersText } from './parameters-text.js';
import { writePngText } from './png-text.js';
import {
  knownParameters,
  type ProvenanceDocument,
  parametersKeyword,
  provenanceKeyword,
} from './provenance-document.js';
import { writeWebpMetadata } from './webp-metadata.js';

/** Beginning of the box in which a file has C2PA's manifests. */
const c2paBox = 'jumdc2pa';

/**
 * Writes into every image of a result where it comes from. A PNG has `parameters`, which other tools read
 * too, and `easel`, from which {@link readProvenance} makes the request again; a JPEG, WebP or AVIF file has
 * the parameters in EXIF, as AUTOMATIC1111 writes them. Each has XMP by which machines know it as made by a
 * model. Equal calls give equal bytes. A picture that is not what it says passes through unchanged, with a
 * warning. The result that is given stays as it is.
 *
 * @param source whether it was made of words alone, or of other images
 */
export function embedProvenance(result: ImageResult, source: DigitalSource = 'made'): ImageResult {
  const warnings: Warning[] = [];
  const images = result.images.map((image, index) => {
    try {
      return { ...image, bytes: withMetadata(image, result, xmpOf(source)) };
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      const message = `Picture ${index + 1} does not tell where it comes from, because nothing could be written into it: ${error.message}`;
      warnings.push({ code: 'other', message });
      return image;
    }
  });
  return { ...result, images, warnings: [...result.warnings, ...warnings] };
}

function withMetadata(image: Image, result: ImageResult, xmp: string): Image['bytes'] {
  if (image.mediaType === 'image/png')
    return writePngText(image.bytes, { ...textsFor(image, result), [xmpKeyword]: xmp });
  // Its provider has signed every byte of it, and says in the signature what made it.
  if (hasManifest(image.bytes)) return image.bytes;
  const exif = exifComment(parametersTextOf(image, result));
  if (image.mediaType === 'image/jpeg') return writeJpegMetadata(image.bytes, { exif, xmp });
  if (image.mediaType === 'image/avif') return writeAvifMetadata(image.bytes, { exif, xmp });
  return writeWebpMetadata(image.bytes, { exif, xmp });
}

/** Whether a file has C2PA's manifests in it. */
export const hasManifest = ({ buffer, byteOffset, byteLength }: Uint8Array): boolean =>
  Buffer.from(buffer, byteOffset, byteLength).includes(c2paBox);

/** What an image was made with, as AUTOMATIC1111 writes it. */
export function parametersTextOf(
  image: Image,
  { provenance }: { readonly provenance: Pick<Provenance, 'model' | 'parameters'> },
): string {
  return parametersText(knownParameters(provenance.parameters, image.seed), provenance);
}

function parametersText(
  known: ProvenanceDocument['parameters'],
  { model, parameters: { samplerLabel } }: Pick<Provenance, 'model' | 'parameters'>,
): string {
  return formatParametersText({ ...known, samplerLabel }, model, `Easel ${coreVersion}`);
}

function textsFor(image: Image, result: ImageResult): Record<string, string> {
  const { provenance, warnings } = result;
  const { model, pipelineType, plugin } = provenance;
  const parameters = knownParameters(provenance.parameters, image.seed);
  const document: ProvenanceDocument = {
    schema: 1,
    easel: coreVersion,
    model,
    pipelineType,
    plugin: { id: plugin.id, version: plugin.version },
    parameters,
    warnings: warnings.map(({ code, parameter, message }) => ({
      code,
      ...(parameter === undefined ? {} : { parameter }),
      message,
    })),
  };
  return {
    [parametersKeyword]: parametersText(parameters, provenance),
    [provenanceKeyword]: JSON.stringify(document),
  };
}
