/** What the shell is told; 128 + n is what shells use for a process that signal n ended. */
export const exitStatus = { ok: 0, failed: 1, usage: 2, SIGINT: 130, SIGTERM: 143 } as const;
