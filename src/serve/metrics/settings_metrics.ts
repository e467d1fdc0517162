/** How reading settings again went. */
import type { LiveSettings } from "../../settings/mod.ts";
import { counter, gauge, type Metric, value } from "./metric.ts";

export function settingsMetrics(settings: Pick<LiveSettings, "state">): Metric[] {
  return [
    counter("weir_settings_reloads_total", "Times that settings were read again.", ["result"], () => {
      const { succeeded, failed } = settings.state();
      return [{ labels: { result: "ok" }, value: succeeded }, { labels: { result: "failed" }, value: failed }];
    }),
    gauge(
      "weir_settings_since_timestamp_seconds",
      "When the settings in force came to be, since unix epoch in seconds.",
      [],
      () => value(settings.state().sinceMs / 1_000),
    ),
    gauge(
      "weir_settings_wanting_restart",
      "Keys that were changed and that only a restart will change.",
      [],
      () => value(settings.state().wantsRestart.length),
    ),
  ];
}
