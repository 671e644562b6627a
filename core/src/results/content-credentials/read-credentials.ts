import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EaselError } from '@easel/plugin-sdk';

/** What an operator signs images with. */
export interface Credentials {
  readonly key: KeyObject;
  /** The operator's own certificate first, then those that have signed it. */
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]];
}

export interface CredentialFiles {
  /** PEM file of the certificate, and behind it those that lead to its authority. */
  readonly certificate: string;
  /** PEM file of the private key. */
  readonly key: string;
}

const setting = 'contentCredentials';

/**
 * Reads certificates and key. Rejects with ERR_CONFIG_INVALID that names the setting: a file that cannot be
 * read, or holds something else, and a key that is not the certificate's.
 */
export async function readCredentials(files: CredentialFiles): Promise<Credentials> {
  const pem = await read(files.certificate, `${setting}.certificate`);
  const parts = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [own, ...others] = parts.map((part) =>
    parse(() => new X509Certificate(part), `${setting}.certificate`, 'is no certificate in PEM'),
  );
  if (!own) throw invalid(`${setting}.certificate`, 'has no certificate in PEM.');
  const secret = await read(files.key, `${setting}.key`);
  const key = parse(() => createPrivateKey(secret), `${setting}.key`, 'is no private key in PEM');
  if (!own.checkPrivateKey(key)) throw invalid(`${setting}.key`, 'is not the key of the certificate.');
  if (own.issuer === own.subject)
    throw invalid(`${setting}.certificate`, 'is signed by itself, which C2PA does not take.');
  return { key, certificates: [own, ...others] };
}

async function read(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(name, `cannot be read: ${(error as Error).message}.`);
  }
}

/** Nothing of what is in a key reaches the message. */
function parse<Value>(work: () => Value, name: string, problem: string): Value {
  try {
    return work();
  } catch {
    throw invalid(name, `${problem}.`);
  }
}

const invalid = (name: string, problem: string) =>
  new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `${name} ${problem}`,
    hint: 'Name PEM files of a certificate for signing, with those that lead to its authority, and of its private key without a passphrase.',
  });
