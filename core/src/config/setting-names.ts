import type { ConfigurationInput } from './configuration.js';

type ServerInput = NonNullable<ConfigurationInput['server']>;
export type SettingName =
  | Exclude<keyof ConfigurationInput, '$schema' | 'server'>
  | `server.${keyof ServerInput}`;

/**
 * Every field of the configuration that an environment variable may give, without loading the schema:
 * `easel serve --help` lists them. A field that is missing here does not compile.
 */
const variables: Readonly<Record<SettingName, string>> = {
  storageFolder: 'EASEL_STORAGE',
  secretsFile: 'EASEL_SECRETS_FILE',
  currentModel: 'EASEL_CURRENT_MODEL',
  pluginFolders: 'EASEL_PLUGIN_FOLDERS',
  catalogueFolders: 'EASEL_CATALOGUE_FOLDERS',
  plugins: 'EASEL_PLUGINS',
  fallbacks: 'EASEL_FALLBACKS',
  fallbackPipelineType: 'EASEL_FALLBACK_PIPELINE_TYPE',
  modelAliases: 'EASEL_MODEL_ALIASES',
  dynamicPrompts: 'EASEL_DYNAMIC_PROMPTS',
  wildcardFolder: 'EASEL_WILDCARD_FOLDER',
  contentCredentials: 'EASEL_CONTENT_CREDENTIALS',
  retries: 'EASEL_RETRIES',
  scale: 'EASEL_SCALE',
  'server.host': 'EASEL_HOST',
  'server.port': 'EASEL_PORT',
  'server.publicUrl': 'EASEL_PUBLIC_URL',
  'server.prefix': 'EASEL_PREFIX',
  'server.hosts': 'EASEL_HOSTS',
  'server.openWithoutKeys': 'EASEL_OPEN_WITHOUT_KEYS',
  'server.role': 'EASEL_ROLE',
  'server.onDisconnect': 'EASEL_ON_DISCONNECT',
  'server.jobsAtOnce': 'EASEL_JOBS_AT_ONCE',
  'server.jobsPerKey': 'EASEL_JOBS_PER_KEY',
  'server.budgetPerDay': 'EASEL_BUDGET_PER_DAY',
  'server.budgetPerKey': 'EASEL_BUDGET_PER_KEY',
  'server.privateAddresses': 'EASEL_PRIVATE_ADDRESSES',
  'server.closeSeconds': 'EASEL_CLOSE_SECONDS',
  'server.bodyMb': 'EASEL_BODY_MB',
  'server.corsOrigins': 'EASEL_CORS_ORIGINS',
  'server.modelFolders': 'EASEL_MODEL_FOLDERS',
  'server.cacheResults': 'EASEL_CACHE_RESULTS',
  'server.logLevel': 'EASEL_LOG_LEVEL',
  'server.logFormat': 'EASEL_LOG_FORMAT',
  'server.accessLog': 'EASEL_ACCESS_LOG',
  'server.resultDays': 'EASEL_RESULT_DAYS',
  'server.resultsMb': 'EASEL_RESULTS_MB',
};

/** Fields by their path in `easel.config.json`, with the variable that goes before it. */
export const settingNames = Object.entries(variables).map(([path, variable]) => ({ path, variable }));
