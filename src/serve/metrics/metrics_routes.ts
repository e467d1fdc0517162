/** Metrics over HTTP. */
import type { Metrics } from "./metrics.ts";

/** Answers /metrics, /metrics/standard, /metrics/debug and /metrics:summary. */
export function metricsRoutes(metrics: Metrics): (request: Request) => Promise<Response> {
  const answer = (text: string) => new Response(text, { headers: { "content-type": metrics.contentType } });
  return async (request) => {
    switch (new URL(request.url).pathname) {
      case "/metrics":
        return answer(await metrics.text());
      case "/metrics/standard":
        return answer(await metrics.standard.metrics());
      case "/metrics/debug":
        if (metrics.debug) return answer(await metrics.debug.metrics());
        return new Response("off: set internal.metrics.debug_metrics_enabled\n", { status: 404 });
      case "/metrics:summary":
        return Response.json(metrics.summary());
      default:
        return new Response("not found\n", { status: 404 });
    }
  };
}
