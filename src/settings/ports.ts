/** Ports that are listened on where none is chosen. */
export const HEALTH_PORT_DEFAULT = 8080;
export const METRICS_PORT_DEFAULT = 10250;
