/** An API server that says, byte by byte, what a test tells it to: for what a real one does not do on demand. */

/** What a request is answered with. */
export type Answer = (url: URL, request: Request) => Response | Promise<Response>;

export class ScriptedApi implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #answers: Answer[] = [];
  readonly #waiting: Array<(answer: Answer) => void> = [];
  readonly #streams: WatchStream[] = [];
  /** All requests so far: path and query. */
  readonly requests: string[] = [];
  readonly headers: Headers[] = [];
  /** Of the client's end: requests over one connection have one. */
  readonly ports: number[] = [];

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request, info) => {
      const url = new URL(request.url);
      this.requests.push(`${url.pathname}${url.search}`);
      this.headers.push(request.headers);
      this.ports.push(info.remoteAddr.port);
      const answer = this.#answers.shift() ??
        await new Promise<Answer>((resolve) => this.#waiting.push(resolve));
      return await answer(url, request);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Answers the next request that has no answer yet. */
  answer(answer: Answer): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(answer);
    else this.#answers.push(answer);
  }

  answerJson(body: unknown, status = 200, headers: Record<string, string> = {}): void {
    this.answer(() => Response.json(body, { status, headers }));
  }

  /** A Status object, as the API server refuses with. */
  refuse(code: number, reason: string, headers: Record<string, string> = {}): void {
    this.answerJson({ kind: "Status", code, reason, message: `the server says ${reason}` }, code, headers);
  }

  /** A watch that goes on until the test ends it. */
  stream(): WatchStream {
    const stream = new WatchStream();
    this.#streams.push(stream);
    this.answer(() => new Response(stream.body, { headers: { "content-type": "application/json" } }));
    return stream;
  }

  query(place: number): URLSearchParams {
    return new URL(this.requests.at(place)!, this.url).searchParams;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) stream.end();
    for (const waiting of this.#waiting) waiting(() => new Response(null, { status: 503 }));
    await this.#server.shutdown();
  }
}

export class WatchStream {
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #isOpen = true;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> = new ReadableStream({
    start: (controller) => {
      this.#controller = controller;
    },
    cancel: () => {
      this.#isOpen = false;
    },
  });

  /** The reader has not gone away. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#controller.enqueue(bytes);
  }

  sendText(text: string): void {
    this.sendBytes(new TextEncoder().encode(text));
  }

  send(type: string, object: unknown): void {
    this.sendText(`${JSON.stringify({ type, object })}\n`);
  }

  /** The list is complete. */
  sendInitialEnd(resourceVersion: string): void {
    this.send("BOOKMARK", { metadata: { resourceVersion, annotations: { "k8s.io/initial-events-end": "true" } } });
  }

  end(): void {
    if (this.#isOpen) this.#controller.close();
    this.#isOpen = false;
  }
}
