import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Reserved names that lead to this machine, the last one out of a container of Docker on it. */
const names = /^(localhost|[a-z0-9.-]+\.localhost|host\.docker\.internal)$/i;

/**
 * Whether a host, a name or an address without brackets, is this machine itself, so that nobody else can be
 * reached by it or reach it.
 */
export function isLoopbackHost(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return names.test(host.replace(/\.$/, ''));
  return loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
