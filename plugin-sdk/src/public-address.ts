import { BlockList, isIP } from 'node:net';

/**
 * What no public service has: IANA's special-purpose address registries of IPv4, multicast and reserved
 * ranges included; and the address of Azure's own agents in every virtual machine, which lies outside of
 * them. Other clouds keep their metadata in ranges that are here anyway.
 */
const specialIpv4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;

/**
 * Within 2000::/3, the only range of IPv6 that is routed: Teredo and its like, documentation, and 6to4, which
 * carries IPv4 inside.
 */
const specialIpv6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

const special = new BlockList();
for (const [net, bits] of specialIpv4) special.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of specialIpv6) special.addSubnet(net, bits, 'ipv6');

const routed = new BlockList();
routed.addSubnet('2000::', 3, 'ipv6');

/**
 * Whether an IP address is one of the open internet: not loopback, private, link-local (where clouds keep
 * their metadata), shared, multicast or reserved, and no IPv6 form that carries an IPv4 address inside. False
 * for what is not an IP address.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  return family === 6 && routed.check(address, 'ipv6') && !special.check(address, 'ipv6');
}
