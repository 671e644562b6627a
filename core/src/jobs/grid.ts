import { type ImageRequest, imageRequestSchema, type ParameterName, parameterNames } from '@easel/plugin-sdk';
import { z } from 'zod';

type Varied = 'prompt' | ParameterName;

/** The parameters that may differ from cell to cell, by their names in JSON APIs. */
const parameters: ReadonlyMap<string, Varied> = new Map(
  (['prompt', ...parameterNames] as const).map((name) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    name,
  ]),
);
/** As the kernel calls it. */
function nameOf(parameter: string): Varied {
  const name = parameters.get(parameter);
  if (name === undefined) throw new Error(`${parameter} is no parameter of grids`);
  return name;
}

const mostValues = 32;
const mostCells = 64;

const axisSchema = z
  .strictObject({
    parameter: z.enum([...parameters.keys()]),
    values: z
      .array(z.union([z.string(), z.number()]))
      .min(1)
      .max(mostValues)
      .describe('Each once, in order.'),
  })
  .superRefine(({ parameter, values }, context) => {
    const field = imageRequestSchema.shape[nameOf(parameter)];
    for (const [index, value] of values.entries())
      for (const { message } of field.safeParse(value).error?.issues ?? [])
        context.addIssue({ code: 'custom', path: ['values', index], message });
    if (new Set(values).size < values.length)
      context.addIssue({ code: 'custom', path: ['values'], message: 'has a value twice' });
  });

export const gridSchema = z
  .strictObject({
    x: axisSchema.describe('Differs from column to column.'),
    y: axisSchema.optional().describe('Differs from row to row. Absent: one row.'),
  })
  .refine(({ x, y }) => x.parameter !== y?.parameter, {
    path: ['y', 'parameter'],
    message: 'must be another one than that of x',
  })
  .refine(({ x, y }) => x.values.length * (y?.values.length ?? 1) <= mostCells, {
    message: `has more than ${mostCells} cells`,
  });

/** One image for each value of a parameter, or for each pair of two. */
export type Grid = z.output<typeof gridSchema>;
type Axis = Grid['x'];

const settingOf = ({ parameter }: Axis, value: Axis['values'][number]): Partial<ImageRequest> => ({
  [nameOf(parameter)]: value,
});

/** The requests of the cells, row by row; each makes one image. */
export function cellsOf({ x, y }: Grid, request: ImageRequest): ImageRequest[] {
  const rows = y ? y.values.map((value) => settingOf(y, value)) : [{}];
  return rows.flatMap((row) =>
    x.values.map((value) => ({ ...request, ...row, ...settingOf(x, value), n: 1 })),
  );
}
