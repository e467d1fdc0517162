/**
 * Settings: what can be set, and what is wrong with a file that sets it. Not a stage: every stage gets its share.
 * `file.ts` is imported only by who reads a file, because its parser costs memory.
 */
export { parseDurationMs } from "./duration.ts";
export { nearest } from "./nearest.ts";
export {
  completeSettings,
  HEALTH_PORT_DEFAULT,
  METRICS_PORT_DEFAULT,
  type Settings,
  type SettingsInput,
} from "./schema.ts";
