/**
 * For plugins of hosted providers: an HTTP API with its table of errors, tables of fields and prices, and
 * tasks that are paid once, whoever is killed meanwhile. A provider is then a table and a few functions.
 *
 * @module
 */
export { AsyncTasks } from './async-tasks.js';
export { BackgroundWork } from './background-work.js';
export {
  definePostPlugin,
  type PostPluginDefinition,
  type PostProvider,
  postSettings,
} from './define-post-plugin.js';
export { defineTaskPlugin, type TaskPluginDefinition, type TaskProvider } from './define-task-plugin.js';
export { type AskedName, droppedWarnings } from './dropped-warnings.js';
export { classify, type FailureRow, readPauseMs, unusable } from './failures.js';
export {
  bytesOfText,
  dataUri,
  type FieldTable,
  fieldTableSchema,
  formOf,
  nearestRatio,
  type RequestFields,
  requestFields,
} from './fields.js';
export type { Posted, PostPlan, PostSettings } from './generate-by-posts.js';
export type { TaskPlan } from './generate-by-tasks.js';
export { generateInTurn, type ImageInTurn, type TurnMeans } from './generate-in-turn.js';
export { listed } from './listed.js';
export { type MatchedSampler, matchSampler, type ServerName } from './match-sampler.js';
export { type FieldPlan, modelOptions, planByFields, readTicket } from './model-fields.js';
export { openTasks } from './open-tasks.js';
export { costOf, estimateByPrice, type Price, priceSchema } from './price.js';
export { resultWarnings } from './result-warnings.js';
export { type Ask, Service, type ServiceAnswer, type ServiceOptions } from './service.js';
export { addressSetting, milliseconds } from './settings.js';
export type { ImageSource, TaskDetails, TaskDriver, TaskState } from './task-driver.js';
export type { TaskOrder, TaskResult } from './task-order.js';
export { type TaskSettings, taskSettings } from './task-settings.js';
export { isRecent, isStandardWebhook, WebhookKeys, webhookSettings } from './webhooks.js';
export { withoutAbsent } from './without-absent.js';
