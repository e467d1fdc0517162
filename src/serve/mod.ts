/**
 * Stage 7 of 7, serve: people and machines that ask.
 *
 * In: the agent. Out: health, metrics, books, flows and status over HTTP. Drops: none.
 * `metrics/` is imported only when metrics are served, because its library costs memory.
 */
export { createRoutes, type RouteOptions } from "./routes.ts";
export { type Listener, listenOnPort, listenOnSocket } from "./servers.ts";
export type { InterfacesView } from "./interfaces_view.ts";
export { booksView, type StatusView } from "./views.ts";
export type { ExplainedFlow, ExplainView } from "./explain_view.ts";
