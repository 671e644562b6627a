import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Writes what shrinks a second time as gzip, so that no server has to. */
const compressed = (): Plugin => ({
  name: 'compressed',
  apply: 'build',
  writeBundle({ dir = 'dist' }) {
    const folder = join(dir, 'studio');
    for (const name of readdirSync(folder).filter((name) => /\.(js|css|svg)$/.test(name)))
      writeFileSync(join(folder, `${name}.gz`), gzipSync(readFileSync(join(folder, name)), { level: 9 }));
  },
});

export default defineConfig({
  // Relative to the base that the server writes into the document.
  base: './',
  plugins: [react(), compressed()],
  build: {
    target: 'es2023',
    assetsDir: 'studio',
    // The policy of the page lets nothing in that stands in another file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    reportCompressedSize: false,
  },
});
