import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { ComponentSource } from '../component-kind.js';
import type { Unet } from './unet.js';
import { requireControlFit, type UnetControlNet, unetControlNetKind } from './unet-controlnet.js';

/**
 * The ControlNets of a model with a UNet.
 *
 * @throws ERR_MODEL_FILES_INVALID for one of another model
 */
export async function openUnetControlNets(
  source: ComponentSource,
  { config }: Unet,
): Promise<readonly UnetControlNet[]> {
  const opened: UnetControlNet[] = [];
  for (const name of source.controlNets ?? []) {
    const net = await source.open(name, unetControlNetKind);
    if (!config) throw invalidFiles(`${source.origin} is exported to ONNX and takes no ControlNets.`);
    requireControlFit(net, config);
    opened.push(net);
  }
  return opened;
}
