/**
 * Settings: what can be set, and what is wrong with a file that sets it. Not a stage: every stage gets its share.
 * Schema and parsers are loaded only when a file or the environment says something.
 */
export type { Notice } from "./check/notice.ts";
export { type Origin, originText } from "./document/origin.ts";
export { type Problem, SettingsError } from "./document/problem.ts";
export { parseDurationMs } from "./duration.ts";
export { readVariables } from "./environment/variables.ts";
export { type Change, LiveSettings, type ReloadState } from "./live/live_settings.ts";
export { type Flag, type LoadedSettings, type LoadOptions, loadSettings } from "./load_settings.ts";
export { nearest } from "./nearest.ts";
export type { Origins } from "./origins.ts";
export type { AddressPattern } from "./patterns/address_pattern.ts";
export type { LabelPattern } from "./patterns/label_pattern.ts";
export type { NumberRange } from "./patterns/number_range.ts";
export { HEALTH_PORT_DEFAULT, METRICS_PORT_DEFAULT } from "./ports.ts";
export { CONFIG_FORMATS, type ConfigFormat } from "./read_configuration.ts";
export { receiverUrl } from "./receiver_url.ts";
export type { NamePattern } from "./schema/filter.ts";
export type { OtlpReceiver } from "./schema/otlp.ts";
export type { Settings } from "./schema/schema.ts";
