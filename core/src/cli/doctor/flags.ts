import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withKernel } from '../options.js';

export const define = () =>
  withKernel(
    new Command('doctor').description(
      'check the machine and the plugins, and say how to fix what does not work',
    ),
  );
export type DoctorFlags = FlagsOf<typeof define>;
