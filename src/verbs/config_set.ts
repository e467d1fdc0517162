/** `weir config set`: settings of a running agent. */
import { UsageError } from "../errors.ts";
import type { Change } from "../settings/mod.ts";
import { postToAgent } from "./socket.ts";

interface SetOptions {
  socket: string;
  json?: boolean;
}

/** words: KEY=VALUE, one or more, or KEY VALUE. Throws UsageError. */
export async function setSettings(words: readonly string[], { socket, json = false }: SetOptions): Promise<void> {
  const values = readValues(words);
  const { changed } = await postToAgent<Change>(socket, "/settings", values);
  if (json) console.log(JSON.stringify({ changed }));
  else {for (const key of Object.keys(values)) {
      console.log(`${key}: ${changed.includes(key) ? "set" : "was so already"}`);
    }}
}

function readValues(words: readonly string[]): Record<string, string> {
  const [first, second] = words;
  if (words.length === 2 && !first!.includes("=")) return { [first!]: second! };
  return Object.fromEntries(words.map((word) => {
    const at = word.indexOf("=");
    if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
    throw new UsageError(`Cannot set "${word}": KEY=VALUE, or one KEY VALUE, is wanted`);
  }));
}
