import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './openapi.js';
import { operations } from './operations.js';

const asHtml = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** `GET /openapi.json`, and `GET /docs` for people: one page that needs nothing from anywhere else. */
export async function documentationRoutes(server: FastifyInstance): Promise<void> {
  const document = openApiDocument();
  server.get('/openapi.json', async () => document);
  server.get('/docs', async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(page()),
  );
}

function page(): string {
  const rows = operations.map(
    ({ method, path, summary }) =>
      `<tr><td>${method.toUpperCase()}</td><td><code>${asHtml(path)}</code></td><td>${asHtml(summary)}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Easel's API</title>
<meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}td{padding:.3rem .8rem .3rem 0;vertical-align:top}</style>
<h1>Easel's API</h1>
<p>Fields and answers are in <a href="/openapi.json">openapi.json</a>. Beside these the server speaks Automatic1111's <code>/sdapi/v1</code> and the Model Context Protocol at <code>/mcp</code>.</p>
<table>${rows.join('')}</table></html>`;
}
