/** Columns that line up, for people. */

/** Rows of cells, the first row being the header; numbers (`right`) line up at their ends. */
export function alignRows(rows: readonly string[][], right: ReadonlySet<number> = new Set()): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row.map((cell, i) => right.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)).join("  ").trimEnd()
  ).join("\n");
}
