import '../own-files.js';

export { type CreateServerOptions, createServer } from './create-server.js';
