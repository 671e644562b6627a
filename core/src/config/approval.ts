import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { PluginFolder } from '../kernel/manifest/read.js';
import { askedPermissions } from './asked-permissions.js';
import { readIntegrity } from './read-integrity.js';

export const approvalSchema = z.strictObject({
  version: z.string().min(1).describe('Version that was looked at.'),
  integrity: z
    .string()
    .min(1)
    .optional()
    .describe('Hash of its package, as npm has it. Absent: npm has none, as for a folder.'),
  permissions: z.array(z.string().min(1)).describe('What it may ask for.'),
});
export type Approval = z.output<typeof approvalSchema>;

/** What is approved when somebody says yes to a plugin as it is now. */
export function approvalOf({ manifest, folder }: PluginFolder): Approval {
  const integrity = readIntegrity(folder);
  return {
    version: manifest.version,
    ...(integrity !== undefined && { integrity }),
    permissions: askedPermissions(manifest),
  };
}

/** What a plugin asks for that has not been approved. */
export const unapproved = ({ manifest }: PluginFolder, approval: Approval | undefined): string[] =>
  askedPermissions(manifest).filter((asked) => !approval?.permissions.includes(asked));

/**
 * Throws ERR_CONFIG_INVALID where a plugin asks for more than was approved, or its package is another one of
 * the same version.
 */
export function assertApproved(plugin: PluginFolder, approval: Approval | undefined): void {
  if (!approval) return;
  const { id, version } = plugin.manifest;
  const surplus = unapproved(plugin, approval);
  const refuse = (what: string) => {
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      plugin: id,
      message: `The plugin "${id}" ${version} ${what}.`,
      hint: 'Look at it, and approve it by `easel plugins add` with the name of its package.',
    });
  };
  if (surplus.length > 0)
    refuse(`asks for more than is approved in the configuration: ${surplus.join(', ')}`);
  const integrity = approval.integrity === undefined ? undefined : readIntegrity(plugin.folder);
  if (version === approval.version && integrity !== undefined && integrity !== approval.integrity)
    refuse('is another package than the one of that version that was approved: its integrity differs');
}
