import type { Finish } from '../options.js';
import { add, install, list, quantize, remove, verify } from './flags.js';

/** `easel models` and the commands below it. They take flags of `models` wherever those stand. */
export const modelsCommand = (finish: Finish) =>
  list('models')
    .helpCommand(false)
    .action(async (flags) => finish(await (await import('./list.js')).listModels(flags)))
    .addCommand(
      list('list').action(async (_, command) =>
        finish(await (await import('./list.js')).listModels(command.optsWithGlobals())),
      ),
    )
    .addCommand(
      install().action(async (model, _, command) =>
        finish(await (await import('./install.js')).installModel(model, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      add().action(async (path, _, command) =>
        finish(await (await import('./import.js')).importModel(path, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      quantize().action(async (model, _, command) =>
        finish(await (await import('./quantize.js')).quantize(model, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      remove().action(async (id, _, command) =>
        finish(await (await import('./remove.js')).removeModel(id, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      verify().action(async (id, _, command) =>
        finish(await (await import('./verify.js')).verifyModels(id, command.optsWithGlobals())),
      ),
    );
