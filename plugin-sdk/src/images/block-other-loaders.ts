/** libvips' loaders of the formats that are read; sharp uses those that read from memory and from files. */
const loaders = ['Png', 'Jpeg', 'Webp', 'Nsgif', 'Heif', 'Tiff'].flatMap((format) => [
  `VipsForeignLoad${format}Buffer`,
  `VipsForeignLoad${format}File`,
]);

/**
 * Blocks every loader of libvips but those of the formats that are read, and keeps nothing of one image for
 * the next, for the whole process. For processes that are Easel's own: in that of somebody else it would
 * change their sharp as well.
 */
export async function blockOtherLoaders(): Promise<void> {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: loaders });
  sharp.cache(false);
  // Each thread keeps memory that it has freed.
  sharp.concurrency(1);
}
