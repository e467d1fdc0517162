/** Times as the API server writes them. */

/** RFC 3339 as Unix ms; undefined: it is no time, as null, which is how Go writes that there is none. */
export function timeMs(text: string | null | undefined): number | undefined {
  const ms = text ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
