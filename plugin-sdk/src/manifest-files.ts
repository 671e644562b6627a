import { z } from 'zod';

/** Fields of a manifest that say how requests name files. */
export const fileFields = {
  fileOptions: z
    .array(
      z.string().regex(/^[A-Za-z]\w*(\[\])?(\.[A-Za-z]\w*(\[\])?)*$/, 'must be like `vae` or `loras[].path`'),
    )
    .default([])
    .describe(
      'Provider options whose values are paths of files or folders, such as `vae` or `loras[].path`. Requests from outside can only name what the operator offers there: ids of models, and what lies below `server.modelFolders`; the plugin is given the absolute path. Absent: none.',
    ),
  otherFiles: z
    .array(
      z.strictObject({
        names: z
          .array(z.string().min(1))
          .min(1)
          .describe('What names of tensors in such a file have in them.'),
        is: z.string().min(1).describe('What it is, as in "a LoRA".'),
        use: z.string().min(1).describe('How it is used, as a sentence.'),
      }),
    )
    .default([])
    .describe(
      'Files of tensors that are no models and that people may take for one, the surest mark first: what is said when one is installed or imported. Absent: none.',
    ),
  promptTags: z
    .array(
      z.strictObject({
        tag: z
          .string()
          .regex(/^[a-z]\w*$/, 'must begin with a small letter')
          .describe('For example `lora`.'),
        option: z
          .string()
          .regex(/^[A-Za-z]\w*$/, 'must be the name of an option')
          .describe('A provider option: a list of `{ path, weight }`.'),
        tensorEndings: z
          .array(z.string().min(1).max(100))
          .max(40)
          .default([])
          .describe(
            'How the name of a tensor ends in files of this kind, such as `.lora_down.weight`: the files that have one are listed for clients that ask what there is. Absent: none are listed.',
          ),
      }),
    )
    .default([])
    .describe(
      'Tags of prompts that stand for files, as `<lora:name:0.8>`. The kernel takes them out of the prompt, looks for the file by its name among the models and below `server.modelFolders`, and adds it to the option. Absent: prompts are given as they are.',
    ),
};
