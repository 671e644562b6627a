import { gemini } from './gemini.js';
import { parasail } from './parasail.js';
import { runware } from './runware.js';
import type { Provider } from './site.js';

/** The hosted providers, each with an emulator and a plugin. */
export const providers: readonly Provider[] = [runware, gemini, parasail];
