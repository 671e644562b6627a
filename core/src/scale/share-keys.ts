import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type KeyFileContent, parseKeyFile } from '../keys/key-file.js';
import type { KeyStore } from '../keys/key-store.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import { writePrivateFile } from '../results/write-whole-file.js';
import { mergeKeys } from './merge-keys.js';
import type { SharedDocuments } from './shared-documents.js';

const documentName = 'keys';
const idsSchema = z.array(z.string());
/** Milliseconds between two looks at the file, which commands of this machine change. */
const lookMs = 1_000;

/**
 * Has the key file of this server be the one of all: what is changed here is told to the others, and what
 * they change is written here. Resolves once it is so for the first time; what it answers ends that.
 *
 * @param folder where it remembers which keys all had, so that one that is revoked while this server is away,
 * or by a command beside it, is not taken for a new one
 */
export async function shareKeys(
  documents: SharedDocuments,
  keys: KeyStore,
  folder: string,
  logger: HostLogger,
): Promise<() => void> {
  const file = join(folder, 'keys-of-all.json');
  /** Ids of the keys that both had last. */
  let base = await readIds(file);
  /** What the document is, as far as is known. */
  let known: KeyFileContent | undefined;
  const take = async (theirs: KeyFileContent) => {
    await keys.replace((own) => mergeKeys(base, own, theirs));
    known = theirs;
    base = idsOf(theirs);
    await writePrivateFile(file, Buffer.from(JSON.stringify(base)));
  };
  const give = async () => {
    const own = keys.content;
    if (own === undefined || isDeepStrictEqual(own, known)) return;
    const text = await documents.change(documentName, (theirs) =>
      JSON.stringify(mergeKeys(base, own, theirs === undefined ? undefined : parseKeyFile(theirs))),
    );
    base = idsOf(own);
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

const idsOf = ({ keys }: KeyFileContent): string[] => keys.map(({ id }) => id);

/** Undefined: nothing was shared yet, as far as can be read. */
async function readIds(file: string): Promise<readonly string[] | undefined> {
  try {
    return idsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
