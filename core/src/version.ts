import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const versionOf = (file: string) => (require(file) as { version: string }).version;

export const coreVersion = versionOf('../package.json');
export const sdkVersion = versionOf('@easel/plugin-sdk/package.json');
