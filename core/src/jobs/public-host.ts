import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isPublicAddress } from '@easel/plugin-sdk';

/** Whether a host name stands for public addresses alone; one that cannot be looked up in so many milliseconds does not. */
export async function isPublicHost(host: string, timeoutMs: number): Promise<boolean> {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare)) return isPublicAddress(bare);
  const late = delay(timeoutMs, [], { ref: false });
  const addresses = await Promise.race([lookup(bare, { all: true }).catch(() => []), late]);
  return addresses.length > 0 && addresses.every(({ address }) => isPublicAddress(address));
}
