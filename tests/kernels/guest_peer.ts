/** The other end of the wire: sends what it is told to, a JSON line each, and answers with what it cost. */
import { send, tcpSegmentsSent } from "./guest_traffic.ts";

export interface PeerAnswer {
  /** TCP segments sent. */
  segments: number;
  error?: string;
}

async function* lines(): AsyncGenerator<string> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

console.log("ready");
for await (const line of lines()) {
  const before = tcpSegmentsSent();
  let error: string | undefined;
  try {
    await send(JSON.parse(line));
  } catch (thrown) {
    error = String(thrown);
  }
  const answer: PeerAnswer = { segments: tcpSegmentsSent() - before, ...(error ? { error } : {}) };
  console.log(JSON.stringify(answer));
}
Deno.exit();
