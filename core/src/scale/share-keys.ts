import { isDeepStrictEqual } from 'node:util';
import { type KeyFileContent, parseKeyFile } from '../keys/key-file.js';
import type { KeyStore } from '../keys/key-store.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import { mergeKeys } from './merge-keys.js';
import type { SharedDocuments } from './shared-documents.js';

const documentName = 'keys';
/** Milliseconds between two looks at the file, which commands of this machine change. */
const lookMs = 1_000;

/**
 * Has the key file of this server be the one of all: what is changed here is told to the others, and what
 * they change is written here. Resolves once it is so for the first time; what it answers ends that.
 */
export async function shareKeys(
  documents: SharedDocuments,
  keys: KeyStore,
  logger: HostLogger,
): Promise<() => void> {
  /** What the file and the document were when both were the same. */
  let agreed: KeyFileContent | undefined;
  const take = async (theirs: KeyFileContent | undefined) => {
    agreed = await keys.replace((own) => mergeKeys(agreed, own, theirs));
  };
  const give = async () => {
    const own = keys.content;
    if (own === undefined || isDeepStrictEqual(own, agreed)) return;
    const text = await documents.change(documentName, (known) =>
      JSON.stringify(mergeKeys(agreed, own, known === undefined ? undefined : parseKeyFile(known))),
    );
    agreed = own;
    await take(parseKeyFile(text));
  };
  let turn = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn
      .then(work)
      .catch((error: Error) => logger.warn(`The keys of all servers are not shared now: ${error.message}`));
    return turn;
  };
  const text = await documents.read(documentName);
  if (text !== undefined) await take(parseKeyFile(text));
  await give();
  documents.follow(documentName, (changed) => void inTurn(async () => await take(parseKeyFile(changed))));
  const looking = setInterval(() => void inTurn(give), lookMs).unref();
  return () => clearInterval(looking);
}
