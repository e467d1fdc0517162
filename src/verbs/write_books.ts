/** --books FILE: the final books, for who comes later. */
import { EnvironmentError, plainReason, UsageError } from "../errors.ts";

/** Makes sure, before anything starts, that the file can be written. Throws UsageError. */
export function checkBooksFile(path: string): void {
  try {
    Deno.openSync(path, { write: true, create: true }).close();
  } catch (cause) {
    throw new UsageError(`Cannot write the books to ${path}: ${plainReason(cause)}`, { cause });
  }
}

/** Throws EnvironmentError. */
export async function writeBooks(path: string, books: Record<string, unknown>): Promise<void> {
  try {
    await Deno.writeTextFile(path, `${JSON.stringify(books, null, 2)}\n`);
  } catch (cause) {
    throw new EnvironmentError(`Cannot write the books to ${path}: ${plainReason(cause)}`, { cause });
  }
}
