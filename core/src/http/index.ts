export { type CreateServerOptions, createServer } from './create-server.js';
