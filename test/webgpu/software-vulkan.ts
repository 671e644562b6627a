import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** SwiftShader, a Vulkan that computes on the processor, as Debian's `chromium` carries it. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
/** What finds drivers; of Debian's `libvulkan1`. */
const loaders = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib/aarch64-linux-gnu/libvulkan.so.1'];

/**
 * An environment in which WebGPU finds a device: the one that EASEL_VULKAN_DRIVER names, or SwiftShader.
 *
 * @param folder for the runtime's sockets
 * @throws Error that says what to install where there is no driver
 */
export function vulkanEnvironment(folder: string): NodeJS.ProcessEnv {
  const driver = process.env.EASEL_VULKAN_DRIVER ?? swiftShader;
  if (!existsSync(driver) || !loaders.some((loader) => existsSync(loader))) {
    throw new Error(
      `There is no Vulkan driver "${driver}", or no Vulkan loader: apt-get install -y chromium libvulkan1`,
    );
  }
  const runtimeFolder = join(folder, 'runtime');
  mkdirSync(runtimeFolder, { mode: 0o700, recursive: true });
  return {
    ...process.env,
    VK_DRIVER_FILES: driver,
    VK_ICD_FILENAMES: driver,
    XDG_RUNTIME_DIR: runtimeFolder,
  };
}
