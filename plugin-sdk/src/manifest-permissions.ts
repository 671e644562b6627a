import { z } from 'zod';

/** What a plugin's process is given, and may do. */
export const permissionsSchema = z.strictObject({
  secrets: z
    .array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be an environment variable in capitals'))
    .default([])
    .describe('Environment variables that are handed to it; it sees no others. Absent: none.'),
  optionalSecrets: z
    .array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be an environment variable in capitals'))
    .default([])
    .describe(
      'Environment variables that are handed to it where they are set, and that it can do without, such as the keys of several providers. Models name those that they need. Absent: none.',
    ),
  storage: z
    .boolean()
    .default(false)
    .describe(
      'Whether it keeps files: it is given a folder of its own, the only one that its process may write to. Absent: false.',
    ),
  files: z
    .boolean()
    .default(false)
    .describe(
      'Whether its process reads files anywhere, such as models; without it, only its own folder, its packages and its storage. Absent: false.',
    ),
  childProcesses: z.boolean().default(false).describe('Whether its process may start others. Absent: false.'),
});
