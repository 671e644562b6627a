/**
 * Signs that text was decoded in the wrong encoding: neighbours that hardly occur in any language, but do
 * when UTF-8 is read byte by byte. The rules and their character groups are those of ftfy 6 (Robyn Speer,
 * Apache-2.0, `ftfy.badness`).
 */
const groups = {
  Common: '\\xa0\\xad·´–—―…’',
  Control: '\\x80-\\x9f',
  Bad: '¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊�ªº',
  Law: '¶§',
  Money: '¢£¥₧€',
  Opening: '¡«¿©΄΅‘‚“„•‹\\uf8ff',
  Closing: '®»˝”›™',
  Number: '²³¹±¼½¾×µ÷⁄∂∆∏∑√∞∩∫≈≠≡≤≥№',
  Face: 'Ò-ÖÙ-Üò-öø-üŐŌŪŲ°',
  Upper: 'À-ÑØÜÝĂĀĄĆČĎĐĘĚĒĖĞĢİĪĶĹĽŁĻŃŇŅŒŘŚŞŠŢŤŮŰŸŹŻŽҐ',
  Lower: 'ßà-ñăąāćčďđęěēėģğįīķĺľłļœŕśşšťüźżžґﬁﬂ',
  ForeignUpper: 'ÞΑ-ΩΆΈΉΊΌΎΏΪΫЁ-Я',
  ForeignLower: 'α-ωάέήίΰа-џ',
  Box: '│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓',
} as const;

/** Each rule is a row of places; a place in braces is a union of groups, anything else is a pattern. */
const rules: readonly string[] = [
  '{Control}',
  '{Bad Lower Upper Box Opening Closing Money Number Law}{Bad}',
  '[a-zA-Z]{ForeignLower ForeignUpper}{Bad}',
  '{Bad}{Lower Upper Box Opening Closing Money Number Law}',
  '{Lower ForeignLower Box Closing Money Number}{Upper}',
  '{Box Closing Money Number}{Lower}',
  '{Lower Box Closing}{Money}',
  '\\s{Upper}{Money}',
  '{Upper Box}{Number Law}',
  '{Lower Upper Box Money Closing}{Opening}{Number}',
  '{Lower Upper Money Number Box Law}{Closing}{Opening}',
  '{Money Number Box}{Opening}',
  '[a-z]{Upper}{Opening Money}',
  '{Box}{Face}',
  '{Lower Upper Money Number Opening Closing Law}{Box}',
  '{Box}{Closing}',
  '{Lower Upper}{Opening Closing}[\\p{L}\\p{N}_]',
  '[Œœ][^A-Za-z]',
  '{Upper}°',
  // Pairs of windows-1252.
  '[ÂÃÎÐ](?:[€œŠš¢£Ÿž\\xa0\\xad®©°·»–—´]|{Opening Closing})',
  '×[²³]',
  '[ØÙ](?:{Common Money Bad Number Opening}|[ŸŠ®°µ»])[ØÙ](?:{Common Money Bad Number Opening}|[ŸŠ®°µ»])',
  'à[²µ¹¼½¾]',
  'Ã[\\xa0¡]',
  '[a-z]\\s?[ÃÂ] ',
  '^[ÃÂ] ',
  '(?:[a-z.,?!]|{Closing})Â(?: |{Opening Closing})',
  // Pairs of the Macintosh encoding.
  '√[±∂†≠®™´≤≥¥µø]',
  '≈[°¢]',
  '‚Ä[ìîïòôúùû†°¢π]',
  '‚[âó][àä°ê]',
  // Cyrillic, Greek and Baltic encodings.
  'вЂ',
  '[ВГРС](?:{Control Bad Opening Closing Money}|[°µ])[ВГРС]',
  'ГўВЂВ.[A-Za-z ]',
  'β€[™\\xa0Ά\\xad®°]',
  '[ΒΓΞΟ](?:{Control Bad Opening Closing Money}|°)[ΒΓΞΟ]',
  'ā€',
];

const expand = (rule: string): string =>
  rule.replace(/(?<!\\p)\{([A-Z][A-Za-z ]*)\}/g, (_, names: string) => {
    const characters = names.split(' ').map((name) => groups[name as keyof typeof groups]);
    return `[${characters.join('')}]`;
  });

const signs = new RegExp(rules.map(expand).join('|'), 'u');

/** Whether a text looks as if it had been decoded in the wrong encoding. */
export function looksMisread(text: string): boolean {
  return signs.test(text);
}
