/**
 * The S3 server of `requirements.txt`, gone when the tests have ended, but where `EASEL_MOTO_PYTHON` names a
 * Python that has it, or `EASEL_VERSITYGW` another server.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { installPython } from '../python/environment.js';

export default function install(): (() => void) | undefined {
  if (process.env.EASEL_MOTO_PYTHON || process.env.EASEL_VERSITYGW) return;
  const { python, remove } = installPython(fileURLToPath(new URL('requirements.txt', import.meta.url)));
  // The processes of the tests are started with it.
  process.env.EASEL_MOTO_PYTHON = python;
  return remove;
}
