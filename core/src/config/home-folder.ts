import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';

/** The user's home folder. Undefined: there is none, as for a user id without an entry and without `HOME`. */
export function homeFolder(): string | undefined {
  try {
    const folder = homedir();
    return isAbsolute(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}
