import type { ParsedParametersText } from '../parameters-text.js';
import { parseParametersText } from '../parameters-text.js';
import { parametersKeyword } from '../provenance-document.js';
import { graphOf, readGraph } from './comfyui.js';
import { isObject, objectOf, type Settings } from './flat-settings.js';
import { readFooocus, readInvoke, readNovel, readOldInvoke, readSwarm } from './programs.js';

/**
 * What the texts of an image tell of how it was made, by whichever program: AUTOMATIC1111, ComfyUI, InvokeAI,
 * NovelAI, SwarmUI or Fooocus. Undefined where they tell nothing that is known; JSON is never taken for a
 * prompt.
 */
export function readForeignTexts(texts: ReadonlyMap<string, string>): ParsedParametersText | undefined {
  const parameters = texts.get(parametersKeyword)?.replace(/^\ufeff|\0+$/g, '');
  const settings = objectOf(parameters);
  if (parameters !== undefined && !settings)
    return brokenObject.test(parameters) ? undefined : parseParametersText(parameters);
  if (settings) return readObject(settings);
  const invoke = objectOf(texts.get('invokeai_metadata'));
  if (invoke) return readInvoke(invoke);
  const oldInvoke = objectOf(texts.get('sd-metadata'));
  if (oldInvoke) return readOldInvoke(oldInvoke);
  const comment = objectOf(texts.get('Comment'));
  if (comment && isNovel(comment)) return readNovel(comment);
  const graph = graphOf(texts.get('prompt'));
  return graph && readGraph(graph);
}

/** How objects and lists of JSON begin, and Python's; no prompt does, dynamic ones included. */
const brokenObject = /^\s*(?:\[\s*)?\{\s*["']/;

/** An object that stands where others have AUTOMATIC1111's text: in `parameters`, or in a comment of EXIF. */
function readObject(settings: Settings): ParsedParametersText | undefined {
  const { sui_image_params: swarm } = settings;
  if (isObject(swarm)) return readSwarm(swarm);
  if (isNovel(settings)) return readNovel(settings);
  if ('positive_prompt' in settings) return readInvoke(settings);
  const isFooocus = ['base_model', 'full_prompt', 'guidance_scale', 'resolution'].some(
    (name) => name in settings,
  );
  return isFooocus ? readFooocus(settings) : undefined;
}

const isNovel = (settings: Settings): boolean => 'uc' in settings || 'v4_prompt' in settings;
