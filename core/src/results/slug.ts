/**
 * Characters; with a seed and an extension it stays far below the 255 bytes of a file name, also in scripts
 * of four bytes a letter.
 */
const slugLimit = 40;

/**
 * A prompt as a part of a file name: lower-case letters and digits of any script, joined by hyphens, cut
 * between words.
 */
export function slugOf(prompt: string): string {
  const words = prompt
    .slice(0, 1_000)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]+/g, '')
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');
  let slug = '';
  for (const word of words) {
    const longer = slug === '' ? word : `${slug}-${word}`;
    if (slug !== '' && [...longer].length > slugLimit) break;
    slug = longer;
  }
  return [...slug].slice(0, slugLimit).join('') || 'picture';
}
