import { EaselError, type Image, type Warning } from '@easel/plugin-sdk';
import { coreVersion } from '../version.js';
import type { ImageResult, Provenance } from './image-result.js';
import { formatParametersText } from './parameters-text.js';
import { writePngText } from './png-text.js';
import {
  knownParameters,
  type ProvenanceDocument,
  parametersKeyword,
  provenanceKeyword,
} from './provenance-document.js';

/**
 * Writes into every PNG of a result where it comes from: `parameters`, which other tools read too, and `easel`, from which
 * {@link readProvenance} makes the request again. Equal calls give equal bytes. JPEG and WebP pass through unchanged; so does a picture
 * that says it is a PNG and is none, with a warning. The result that is given stays as it is.
 */
export function embedProvenance(result: ImageResult): ImageResult {
  const warnings: Warning[] = [];
  const images = result.images.map((image, index) => {
    if (image.mediaType !== 'image/png') return image;
    try {
      return { ...image, bytes: writePngText(image.bytes, textsFor(image, result)) };
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      const message = `Picture ${index + 1} does not tell where it comes from, because nothing could be written into it: ${error.message}`;
      warnings.push({ code: 'other', message });
      return image;
    }
  });
  return { ...result, images, warnings: [...result.warnings, ...warnings] };
}

/** What an image was made with, as AUTOMATIC1111 writes it. */
export function parametersTextOf(
  image: Image,
  { provenance }: { readonly provenance: Pick<Provenance, 'model' | 'parameters'> },
): string {
  const parameters = knownParameters(provenance.parameters, image.seed);
  const { samplerLabel } = provenance.parameters;
  return formatParametersText({ ...parameters, samplerLabel }, provenance.model, `Easel ${coreVersion}`);
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
    [parametersKeyword]: parametersTextOf(image, result),
    [provenanceKeyword]: JSON.stringify(document),
  };
}
