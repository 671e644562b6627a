import { z } from 'zod';

/** What a package of a plugin fetches when somebody asks for it. */
export const downloadSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens')
    .describe('What it is for: `gpu` is fetched by `easel gpu install`.'),
  description: z.string().min(1).describe('What is fetched, and how large it is.'),
  package: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe(
      "The package of the plugin's dependencies that has the script. Of several, the first installed.",
    ),
  script: z.string().min(1).describe('Script of Node.js that fetches it, relative to the package.'),
  environment: z
    .record(z.string(), z.string())
    .default({})
    .describe('Variables that it is run with, beside those that are set. Absent: none.'),
});
