import { constants, type KeyObject, sign } from 'node:crypto';
import { EaselError } from '@easel/plugin-sdk';
import { X509Certificate } from '@peculiar/x509';
import type { Signer } from '@trustnxt/c2pa-ts/cose';
import type { Credentials } from './read-credentials.js';

interface Algorithm {
  /** Its number in COSE's registry. */
  readonly identifier: Signer['algorithm'];
  /** Absent: the algorithm has its own. */
  readonly hash?: string;
}

/** By the curve, or else the kind, of a key: those that C2PA's specification has. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  prime256v1: { identifier: -7, hash: 'sha256' },
  secp384r1: { identifier: -35, hash: 'sha384' },
  secp521r1: { identifier: -36, hash: 'sha512' },
  rsa: { identifier: -37, hash: 'sha256' },
  ed25519: { identifier: -8 },
};

/** Signs claims with a key of Node's; signatures of curves are the two numbers one after the other. */
export function claimSigner({ key, certificates }: Credentials): Signer {
  const { identifier, hash } = algorithmOf(key);
  const [own, ...others] = certificates;
  const options = {
    key,
    dsaEncoding: 'ieee-p1363' as const,
    ...(key.asymmetricKeyType === 'rsa'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {}),
  };
  return {
    algorithm: identifier,
    certificate: new X509Certificate(own.raw),
    chainCertificates: others.map(({ raw }) => new X509Certificate(raw)),
    sign: async (payload) => new Uint8Array(sign(hash ?? null, payload, options)),
  };
}

/** Throws ERR_CONFIG_INVALID for a key that C2PA has no algorithm for. */
export function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Algorithm {
  const name = asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? '';
  const algorithm = algorithms[name];
  if (algorithm) return algorithm;
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `contentCredentials.key is of the kind "${name}"; C2PA takes ${Object.keys(algorithms).join(', ')}.`,
  });
}
