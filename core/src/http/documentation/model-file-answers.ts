/**
 * What is answered about the files of models.
 *
 * @module
 */
import { z } from 'zod';

/** How far an install is. */
const install = z.looseObject({
  model: z.string(),
  variant: z.string().optional().describe('Absent: the model itself.'),
  state: z.enum(['running', 'paused', 'installed', 'failed']),
  bytes: z.int().describe('What is there of it.'),
  totalBytes: z.int().optional().describe('Absent: not known yet.'),
  bytesPerSecond: z.int().optional().describe('Of the last seconds. Absent: too little has come to tell.'),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
const installs = z.looseObject({ installs: z.array(install) });

const removedModel = z.looseObject({
  id: z.string(),
  name: z.string(),
  until: z.iso.datetime().describe('When its files are deleted.'),
});
const restoredModel = z.looseObject({ success: z.literal(true), id: z.string() });

/** Where models lie. */
const modelFiles = z.looseObject({
  memoryBytes: z.int().describe('What the process may have of the memory of the machine.'),
  freeBytes: z.number().describe('Of the disk that models are fetched to.'),
  models: z.array(
    z.looseObject({
      id: z.string(),
      source: z.enum(['folder', 'file', 'hub', 'provider']),
      licence: z.string().optional().describe('Of the weights. Absent: not told.'),
      repository: z.string().optional().describe('On the hub.'),
      gated: z.boolean().optional().describe('Whether the hub asks for an account that has accepted terms.'),
      variant: z.string().optional().describe('That is installed. Absent: the model itself, or none.'),
      bytes: z.number().optional().describe('On the disk. Absent: it is not on this machine.'),
      removable: z.boolean().describe('Whether it was installed or imported here.'),
    }),
  ),
  removed: z.array(removedModel),
});
const modelVersions = z.looseObject({
  versions: z.array(
    z.looseObject({
      variant: z.string().optional().describe('Absent: the model itself.'),
      repository: z.string(),
      memoryGb: z.int().optional().describe('Of the machines that it suits. Absent: the entry does not say.'),
      fits: z.boolean().optional().describe('Whether this machine has it. Absent: not known before.'),
      bytes: z.number().optional().describe('Of all its files. Absent: the hub did not say.'),
      missingBytes: z.number().optional().describe('What is not on this machine yet.'),
      problem: z.string().optional().describe('Why the hub did not say.'),
    }),
  ),
});
const importedModels = z.looseObject({
  files: z.array(
    z.looseObject({
      path: z.string(),
      is: z.string().describe('A pipeline type, or in words what else it is.'),
      id: z.string().optional().describe('Of its entry. Absent: it is no model.'),
      note: z.string().optional().describe('How a file that is no model is used, or why it cannot be.'),
    }),
  ),
});

/** By the name under which the document has them. */
export const modelFileAnswers = {
  install,
  installs,
  modelFiles,
  modelVersions,
  removedModel,
  restoredModel,
  importedModels,
} as const;
