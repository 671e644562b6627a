import { EaselError } from '@easel/plugin-sdk';

/**
 * Keys are plain characters; what else is in one would show up in the error of whoever puts it into a header.
 */
export function readKey(name: string, value: string | undefined): string {
  const key = value?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const message = `${name} is ${key === '' ? 'empty' : 'no key: it has spaces or characters beyond ASCII in it'}.`;
  throw new EaselError({ code: 'ERR_PROVIDER_AUTH', message });
}
