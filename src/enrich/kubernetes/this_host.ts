/** The host that flows are seen on: it speaks from more addresses than its Node has, as from its pods' bridge. */
import type { OwnAddress } from "../kind.ts";
import { type IpWords, parseIp } from "./ip.ts";
import type { Node } from "./objects.ts";

export class ThisHost {
  readonly #isOwn: OwnAddress;
  readonly #bytes = new Uint8Array(16);
  readonly #view = new DataView(this.#bytes.buffer);

  constructor(isOwn: OwnAddress) {
    this.#isOwn = isOwn;
  }

  has({ w0, w1, w2, w3 }: IpWords): boolean {
    this.#view.setInt32(0, w0);
    this.#view.setInt32(4, w1);
    this.#view.setInt32(8, w2);
    this.#view.setInt32(12, w3);
    return this.#isOwn(this.#bytes);
  }

  /** Whether a node is another host, as far as is known. */
  isNot(node: Node | undefined): boolean {
    const ip = parseIp(node?.address ?? "");
    return ip !== undefined && !this.has(ip);
  }
}
