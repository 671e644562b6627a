import { EaselError } from '@easel/plugin-sdk';
import type { Control, ControlNetReading } from '../pipelines/control.js';
import type { RgbPicture } from '../pipelines/lanczos.js';
import type { EngineCall } from './engine-call.js';

/**
 * The images that a call's own model is to follow, each by its ControlNet: the model's own comes first, then
 * those that the call has named.
 *
 * @param followed the images, one for each of the call's controls
 * @throws ERR_REQUEST_INVALID where one is to be followed by the model's own ControlNet, and it has none
 */
export function controlsOf(
  { controls, model: { controlNets: named = [] } }: EngineCall,
  followed: readonly RgbPicture[],
  known: readonly ControlNetReading[] = [],
): Control[] {
  const own = known.length - named.length;
  return controls.map(({ image: _, path, ...settings }, index) => {
    if (path === undefined && own === 0) {
      throw new EaselError({
        code: 'ERR_REQUEST_INVALID',
        field: `control.${index}.model`,
        message: `control.${index}.model: the model has no ControlNet of its own, and none is named.`,
        hint: 'Name a ControlNet that was made for the model.',
      });
    }
    return { ...settings, image: followed[index]!, net: path === undefined ? 0 : own + named.indexOf(path) };
  });
}
