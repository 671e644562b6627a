/**
 * The mark by which machines know an image as made by a model: IPTC's `DigitalSourceType` in XMP, as the
 * European AI Act's article 50 asks for a mark that is machine-readable.
 *
 * @module
 */

/** Terms of IPTC's list "Digital Source Type", at cv.iptc.org/newscodes/digitalsourcetype. */
const terms = {
  /** Of words alone. */
  made: 'trainedAlgorithmicMedia',
  /** Of other images. */
  edited: 'compositeWithTrainedAlgorithmicMedia',
} as const;
export type DigitalSource = keyof typeof terms;

/** Keyword under which PNG files have XMP. */
export const xmpKeyword = 'XML:com.adobe.xmp';

/** The XMP packet that says it. The `id` is the one that XMP's specification has for all packets. */
export const xmpOf = (source: DigitalSource): string =>
  `<?xpacket begin="\u{feff}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/${terms[source]}"/></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`;

/** Which mark a file has. One without a mark, or with another's, counts as made. */
export const sourceOf = (file: Uint8Array): DigitalSource =>
  Buffer.from(file.buffer, file.byteOffset, file.byteLength).includes(terms.edited) ? 'edited' : 'made';
