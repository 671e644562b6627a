import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, writeOnce } from '../engine/random-checkpoint.js';
import type { Report } from '../engine/report.js';
import { runChild } from '../engine/run-phase.js';
import { t5Xxl } from './companions.js';
import { writeRandomGguf } from './random-gguf.js';

export const encoderFormats = ['q4', 'q8', 'fp8', 'f16'] as const;
type EncoderFormat = (typeof encoderFormats)[number];

const program = fileURLToPath(new URL('./encoder-process.ts', import.meta.url));
/** Of the longest prompt that FLUX reads. */
const tokens = 512;

/**
 * Writes T5-XXL in random weights, runs it over one prompt the first time and once it is prepared, and
 * removes what it wrote.
 */
export async function measureEncoder(to: EncoderFormat, say: (line: string) => void): Promise<Report> {
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, 't5-'));
  const report: Report = {};
  try {
    const path = join(folder, to === 'fp8' || to === 'f16' ? `t5xxl_${to}.safetensors` : `t5xxl-${to}.gguf`);
    if (to === 'q4' || to === 'q8') await writeRandomGguf(path, t5Xxl(), to);
    else await writeOnce(path, t5Xxl(), to === 'fp8' ? 'F8_E4M3' : 'F16');
    const repacked = join(folder, 'repacked');
    await mkdir(repacked);
    for (const name of [`T5-XXL in ${to}, the first time`, `T5-XXL in ${to}, prepared`]) {
      say(`${name}...`);
      report[name] = await runChild(program, { path, folder: repacked, tokens });
      say(JSON.stringify(report[name]));
    }
  } finally {
    await rm(folder, { recursive: true, maxRetries: 10 });
  }
  return report;
}
