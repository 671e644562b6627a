/**
 * docs/http-fields.md, out of the tables that the APIs have.
 *
 * @module
 */
import {
  type FieldEffect,
  type FieldTable,
  fieldTables,
} from '../../core/src/http/documentation/fields/index.js';

const introduction = `# Fields of each API

What becomes of each field of a request that makes images. What is adapted or ignored is told in \`warnings\`
of the answer, by the name of the field; [HTTP API](http-api.md) says where each API has them. A field at the
value that it has where it is absent asks for nothing, and is not told.

\`npm run docs:fields\` writes this page, out of \`core/src/http/documentation/fields\`.
`;

const cell = (text = '') => text.replaceAll('|', '\\|');
const row = (name: string, { obeyed, adapted, ignored }: FieldEffect) =>
  `| ${name} | ${cell(obeyed)} | ${cell(adapted)} | ${cell(ignored)} |`;

const tableOf = ({ title, fields, others }: FieldTable): string =>
  [
    `## ${title}`,
    '',
    '| Field | Obeyed | Adapted, with a warning | Ignored, with a warning |',
    '|---|---|---|---|',
    ...Object.entries(fields).map(([name, effect]) => row(`\`${name}\``, effect)),
    row('all others', others),
    '',
  ].join('\n');

export const fieldPage = (): string => [introduction, ...Object.values(fieldTables).map(tableOf)].join('\n');
