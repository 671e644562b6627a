import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeFolder } from '../config/home-folder.js';

/** How to reach a model hub that speaks Hugging Face's API, and where what comes from it lies. */
export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Absent: only what is public. */
  readonly token: string | undefined;
  /** Absolute path of the cache, in the layout of `huggingface_hub`. */
  readonly cacheFolder: string;
}

/**
 * Reads what other tools for the hub read: `HF_ENDPOINT`, `HF_TOKEN` or the file that `HF_TOKEN_PATH` names
 * (absent: `token` in `HF_HOME`), and `HF_HUB_CACHE` (absent: `hub` in `HF_HOME`). `HF_HOME` is
 * `~/.cache/huggingface` where it is not set, or `huggingface` in `EASEL_STORAGE` for a user without a home
 * folder.
 */
export function readHubSettings(environment: NodeJS.ProcessEnv = process.env): HubSettings {
  const ownHome = homeFolder();
  const ownCache = ownHome === undefined ? environment.EASEL_STORAGE || '.' : join(ownHome, '.cache');
  const cacheHome = environment.XDG_CACHE_HOME || ownCache;
  const home = environment.HF_HOME || join(cacheHome, 'huggingface');
  return {
    endpoint: (environment.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    token: environment.HF_TOKEN || readToken(environment.HF_TOKEN_PATH || join(home, 'token')),
    cacheFolder: environment.HF_HUB_CACHE || join(home, 'hub'),
  };
}

function readToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
