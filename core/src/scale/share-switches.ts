import { z } from 'zod';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { SharedDocuments } from './shared-documents.js';

const documentName = 'switches';
/** Plugins that somebody has switched, by their ids: whether they are on. */
const switchesSchema = z.record(z.string(), z.boolean());
type Switches = z.output<typeof switchesSchema>;

type Manager = Pick<ImageServiceManager, 'enablePlugin' | 'disablePlugin'>;
/** Switches a plugin on or off. Rejects with ERR_CONFIG_INVALID for one that is not there. */
export type SwitchPlugin = (id: string, isOn: boolean) => Promise<void>;

/** Of one server. */
export const switchHere =
  (manager: Manager): SwitchPlugin =>
  async (id, isOn) =>
    await (isOn ? manager.enablePlugin(id) : manager.disablePlugin(id));

/** Has a plugin that one server switches be switched by all; a server that starts later does as well. */
export async function shareSwitches(
  documents: SharedDocuments,
  manager: Manager,
  logger: HostLogger,
): Promise<SwitchPlugin> {
  const switchOne = switchHere(manager);
  let known: Switches = {};
  const take = async (text: string) => {
    const before = known;
    known = switchesSchema.parse(JSON.parse(text));
    for (const [id, isOn] of Object.entries(known))
      if (isOn !== (before[id] ?? true))
        await switchOne(id, isOn).catch((error: Error) => logger.debug(error.message));
  };
  const text = await documents.read(documentName);
  if (text !== undefined) await take(text);
  documents.follow(documentName, (changed) => void take(changed).catch(() => {}));
  return async (id, isOn) => {
    await switchOne(id, isOn);
    const changed = await documents.change(documentName, (others = '{}') =>
      JSON.stringify({ ...switchesSchema.parse(JSON.parse(others)), [id]: isOn }),
    );
    known = switchesSchema.parse(JSON.parse(changed));
  };
}
