import { EaselError, type ImageRequest, parameterNames, type Warning } from '@easel/plugin-sdk';
import { firstProblem } from '../config/first-problem.js';
import { needsInputImage } from '../models/parameters.js';
import { readForeignTexts } from './foreign/index.js';
import { readImageTexts } from './image-texts.js';
import {
  type ProvenanceDocument,
  parametersKeyword,
  provenanceDocumentSchema,
  provenanceKeyword,
} from './provenance-document.js';
import { requestFromParametersText } from './request-from-parameters-text.js';

export interface ReadProvenance {
  /** What makes the picture again, as far as the file tells it. */
  readonly request: ImageRequest;
  /** What the file tells and the request does not hold. */
  readonly warnings: readonly Warning[];
  /** What the file was made with. Absent: it was not made by Easel. */
  readonly document?: ProvenanceDocument;
}

/**
 * What a file is read for; warnings about the pictures that were made then would say nothing about those to
 * come.
 */
const readSchema = provenanceDocumentSchema.extend({
  warnings: provenanceDocumentSchema.shape.warnings.catch([]),
});

/**
 * The request that makes the picture of a file again: from Easel's own text in a PNG, or else from what
 * AUTOMATIC1111, ComfyUI, InvokeAI, NovelAI, SwarmUI or Fooocus write into PNG, JPEG, WebP and AVIF files.
 * Throws ERR_REQUEST_INVALID where the file is none of these, not whole or tells nothing; `name` is what messages
 * call it.
 */
export function readProvenance(bytes: Uint8Array, name = 'The picture'): ReadProvenance {
  const told = findProvenance(bytes, name);
  if (!told) throw invalid(`${name} does not tell how it was made`);
  return told;
}

/**
 * The same of a file that may tell nothing, which is undefined then. Throws ERR_REQUEST_INVALID where it is
 * no image file, or not whole.
 */
export function findProvenance(bytes: Uint8Array, name = 'The picture'): ReadProvenance | undefined {
  const texts = readTexts(bytes, name);
  const own = texts.get(provenanceKeyword);
  const foreign = readForeignTexts(texts);
  if (own === undefined && foreign === undefined) return undefined;

  const document = own === undefined ? undefined : parseDocument(own, name, foreign !== undefined);
  if (document) return fromDocument(document);
  if (foreign === undefined) throw invalid(`${name} was written by a newer Easel`);
  const { request, warnings } = requestFromParametersText(foreign, name);
  if (own === undefined) return { request, warnings };
  const message = `${name} was written by a newer Easel; only what its "${parametersKeyword}" tells was used.`;
  return { request, warnings: [{ code: 'other', message }, ...warnings] };
}

function readTexts(bytes: Uint8Array, name: string): ReadonlyMap<string, string> {
  try {
    return readImageTexts(bytes);
  } catch (error) {
    if (!EaselError.isInstance(error)) throw error;
    throw invalid(`${name}: ${error.message.replace(/\.$/, '')}`, error);
  }
}

/** Undefined for a version that is not known, where there is another text to read. */
function parseDocument(text: string, name: string, isReplaceable: boolean): ProvenanceDocument | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${name}: its "${provenanceKeyword}" text is not JSON`, cause);
  }
  const parsed = readSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const isOtherVersion = parsed.error.issues.some((issue) => issue.path[0] === 'schema');
  if (isOtherVersion && isReplaceable) return undefined;
  throw invalid(`${name}: its "${provenanceKeyword}" text does not validate: ${firstProblem(parsed.error)}`);
}

function fromDocument(document: ProvenanceDocument): ReadProvenance {
  const { options, ...parameters } = document.parameters;
  const needsImage = parameterNames.filter((name) => needsInputImage(name) && parameters[name] !== undefined);
  for (const name of needsImage) delete parameters[name];
  return {
    request: {
      ...parameters,
      model: document.model,
      ...(options === undefined ? {} : { providerOptions: { [document.plugin.id]: options } }),
    },
    warnings: needsImage.map((parameter) => ({
      code: 'parameter-dropped',
      parameter,
      message: `${parameter} was left out: the image was made from an input image, which is not in the file.`,
    })),
    document,
  };
}

const invalid = (what: string, cause?: unknown) =>
  new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `${what}.`,
    hint: 'Use a PNG, JPEG, WebP or AVIF file that Easel, or another tool that writes its parameters into its pictures, has made.',
    cause,
  });
