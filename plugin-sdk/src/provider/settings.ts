import { z } from 'zod';

/** A setting in milliseconds: 1 to `mostMs`. */
export const milliseconds = (defaultMs: number, mostMs: number) =>
  z.int().min(1).max(mostMs).default(defaultMs);

/** A setting that is the address of a service, over http or https. */
export const addressSetting = (address: string, what: string) =>
  z
    .url({ protocol: /^https?$/ })
    .default(address)
    .describe(`${what} Absent: ${address}.`);
