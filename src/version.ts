/** weir's version: the chart's appVersion and the image's label say the same. */
export const VERSION = "0.1.0";
