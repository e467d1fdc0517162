/** What makes a running agent read its settings again: SIGHUP, and a file that changed. */
import type { LiveSettings } from "../settings/mod.ts";

const LOOK_MS = 1_000;

export class ReloadTriggers implements Disposable {
  readonly #path: string;
  readonly #live: LiveSettings;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #onHangUp = () => {
    this.#read = this.#signature(); // or it would be read once more at the next look
    void this.#live.reload("SIGHUP");
  };
  /** Of the file that was read last. */
  #read: string;
  #seen: string;

  constructor(path: string, live: LiveSettings) {
    this.#path = path;
    this.#live = live;
    this.#read = this.#seen = this.#signature();
    Deno.addSignalListener("SIGHUP", this.#onHangUp);
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    Deno.unrefTimer(this.#timer);
  }

  /**
   * A file that is the same in two looks is written to its end. A path that leads through a link, as Kubernetes mounts
   * its ConfigMaps, has another file at its end when the link is changed.
   */
  look(): void {
    const signature = this.#signature();
    const isStill = signature === this.#seen;
    this.#seen = signature;
    if (!isStill || signature === this.#read || !this.#live.settings.auto_reload) return;
    this.#read = signature;
    void this.#live.reload(`${this.#path} changed`);
  }

  /** What changes when the file does; empty where there is none. */
  #signature(): string {
    try {
      const { ino, size, mtime } = Deno.statSync(this.#path);
      return `${ino} ${size} ${mtime?.getTime()}`;
    } catch {
      return ""; // it is being replaced, or gone: that is seen at the next look
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    Deno.removeSignalListener("SIGHUP", this.#onHangUp);
  }
}
