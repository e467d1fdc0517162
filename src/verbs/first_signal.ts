/** Being told to stop before a job is done. */

const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM"];

/** The first is caught, and shuts a job down in order; a second one ends the process, as signals do. */
export class FirstSignal implements Disposable {
  name: Deno.Signal | undefined;
  /** Resolves when there was one. */
  readonly caught: Promise<void>;
  readonly #handlers: ReadonlyArray<readonly [Deno.Signal, () => void]>;

  constructor(onFirst: () => void) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.caught = promise;
    this.#handlers = SIGNALS.map((signal) =>
      [signal, () => {
        this.name = signal;
        this[Symbol.dispose]();
        onFirst();
        resolve();
      }] as const
    );
    for (const [signal, handler] of this.#handlers) Deno.addSignalListener(signal, handler);
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) Deno.removeSignalListener(signal, handler);
  }
}
