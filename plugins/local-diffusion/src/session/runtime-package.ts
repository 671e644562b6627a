import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);

/**
 * Packages that ONNX Runtime comes in: that of this platform, which has no install script and no other
 * platform's libraries, or `onnxruntime-node` itself.
 */
const names = [`@easel/onnxruntime-${process.platform}-${process.arch}`, 'onnxruntime-node'] as const;

/** The package that has ONNX Runtime, and its folder. Throws where none is installed. */
export function findRuntimePackage(): { readonly name: string; readonly folder: string } {
  for (const name of names) {
    try {
      return { name, folder: dirname(require.resolve(`${name}/package.json`)) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(
    `ONNX Runtime is not installed. Install ${names[0]}, which npm leaves out with --omit=optional, or ${names[1]}. There is one for Linux (glibc) and Windows, each x64 and arm64, and macOS (arm64).`,
  );
}
