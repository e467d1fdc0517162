/**
 * Being told to stop before a job is done, by a signal. The first one counts; once disposed of, signals end the process
 * as they do any other.
 */
export class StopSignal implements Disposable {
  /** The first that came. */
  name: Deno.Signal | undefined;
  /** Resolves with it. */
  readonly caught: Promise<Deno.Signal>;
  readonly #handlers: ReadonlyArray<readonly [Deno.Signal, () => void]>;

  constructor(...signals: Deno.Signal[]) {
    const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
    this.caught = promise;
    this.#handlers = signals.map((signal) =>
      [signal, () => {
        this.name ??= signal;
        resolve(signal);
      }] as const
    );
    for (const [signal, handler] of this.#handlers) Deno.addSignalListener(signal, handler);
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) Deno.removeSignalListener(signal, handler);
  }
}
