import { Command } from '@commander-js/extra-typings';
import { type Finish, type FlagsOf, withKernel } from '../options.js';

const define = () =>
  withKernel(
    new Command('doctor').description(
      'check the machine and the plugins, and say how to fix what does not work',
    ),
  );
export type DoctorFlags = FlagsOf<typeof define>;

export const doctorCommand = (finish: Finish) =>
  define().action(async (flags) => finish(await (await import('./doctor.js')).doctor(flags)));
