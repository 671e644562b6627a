import type { Check } from '../check.js';
import { cancellingEndsCalls } from './cancelling.js';
import { closeEndsEverything, startsAgain } from './closing.js';
import { callsDoNotMix } from './concurrency.js';
import { errorsAreClassified } from './failing.js';
import { entryExportsPlugin, manifestIsValid } from './loading.js';
import { paidImagesArePaidOnce } from './paying.js';
import { picturesAreWhatIsSaid, resultIsOfTheContract } from './pictures.js';
import { progressNeverFalls } from './progress.js';
import { secretsStaySecret } from './secrets.js';
import { seedsMakePicturesAgain } from './seeds.js';
import { badConfigurationIsRefused, unknownOptionIsRefused } from './settings.js';

/** Every check, in the order of their tests: secrets after all calls that may let them out, closing last. */
export const checks: readonly Check[] = [
  manifestIsValid,
  entryExportsPlugin,
  badConfigurationIsRefused,
  unknownOptionIsRefused,
  resultIsOfTheContract,
  picturesAreWhatIsSaid,
  progressNeverFalls,
  seedsMakePicturesAgain,
  callsDoNotMix,
  cancellingEndsCalls,
  errorsAreClassified,
  paidImagesArePaidOnce,
  secretsStaySecret,
  closeEndsEverything,
  startsAgain,
];
