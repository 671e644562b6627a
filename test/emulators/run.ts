/**
 * A provider to develop against, without a key and without cost: `npm run emulate -- <name> [--port <number>]`.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { geminiKey, startGeminiEmulator } from './gemini/index.js';
import { parasailKey, startParasailEmulator } from './parasail/index.js';
import { runwareKey, startRunwareEmulator } from './runware/index.js';

interface Emulated {
  start(options: { port: number }): Promise<{ readonly url: string }>;
  /** The key that it takes. */
  readonly key: string;
  readonly variable: string;
  /** The plugin's options that lead to it. */
  options(url: string): object;
}

const emulators: Readonly<Record<string, Emulated>> = {
  gemini: {
    start: startGeminiEmulator,
    key: geminiKey,
    variable: 'GEMINI_API_KEY',
    options: (baseUrl) => ({ baseUrl }),
  },
  runware: {
    start: startRunwareEmulator,
    key: runwareKey,
    variable: 'RUNWARE_API_KEY',
    options: (webSocketUrl) => ({ webSocketUrl, httpUrl: webSocketUrl.replace(/^ws/, 'http') }),
  },
  parasail: {
    start: startParasailEmulator,
    key: parasailKey,
    variable: 'PARASAIL_API_KEY',
    options: (baseUrl) => ({ baseUrl }),
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '0' } },
});
const [name = ''] = positionals;
const emulated = emulators[name];
if (!emulated) {
  console.error(`Name one of: ${Object.keys(emulators).join(', ')}.`);
  process.exit(2);
}
const { url } = await emulated.start({ port: Number(values.port) });
const configuration = { plugins: { [name]: { options: emulated.options(url) } } };
console.log(`${name} is emulated at ${url}. It draws prompts, and counts what a real one would have been paid for.

  export ${emulated.variable}=${emulated.key}
  easel.config.json: ${JSON.stringify(configuration)}
`);
