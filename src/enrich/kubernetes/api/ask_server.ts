/** One question to the API server, over a connection of its own, for who does not follow it. */
import type { Access } from "./access.ts";
import { readText } from "./api_error.ts";
import { openTransport } from "./transport.ts";

const ANSWER_MS = 10_000;

/** POSTs JSON. Throws what the transport throws where there is no answer. */
export async function askServer(
  access: Access,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  const { headers, tls } = await access.credentials();
  const transport = await openTransport(tls);
  try {
    const { status, body: answer } = await transport.send(
      `${access.server}${path}`,
      { ...headers, "content-type": "application/json", accept: "application/json" },
      AbortSignal.timeout(ANSWER_MS),
      JSON.stringify(body),
    );
    return { status, text: await readText(answer) };
  } finally {
    transport.close();
  }
}
