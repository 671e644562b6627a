/** What an author does about what Node's permission model has forbidden, by the code of its error. */
const hints: Readonly<Record<string, string>> = {
  ERR_DLOPEN_DISABLED: 'It loads native code: say so in plugin.json, "runtime": { "native": true }.',
  FileSystemRead:
    'It reads a file that is not its own: ask for that in plugin.json, "permissions": { "files": true }; a package that is linked from elsewhere, name among the dependencies in its package.json.',
  WorkerThreads: 'It starts a thread: ask for that in plugin.json, "runtime": { "workers": true }.',
  FileSystemWrite: 'It writes a file: ask for a folder in plugin.json, "permissions": { "storage": true }.',
  ChildProcess: 'It starts a process: ask for it in plugin.json, "permissions": { "childProcesses": true }.',
};

/** The hint for an error that the permissions of a plugin's process have caused. Undefined: they have not. */
export function permissionHint(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { permission } = thrown as { permission?: unknown };
  const known = Object.keys(hints).find((name) => permission === name || thrown.message.includes(name));
  return known === undefined ? undefined : hints[known];
}
