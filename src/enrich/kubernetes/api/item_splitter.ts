/**
 * A list as JSON text that comes in pieces, cut into its items: a list of all pods is far too long to be one string, or
 * one pause of the event loop. What stands around the items is small and read in the end.
 */
import { BytePieces } from "./byte_pieces.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
/** Depth of what is in the list's object, and of what is in the array of its items. */
const ARRAY_DEPTH = 2;
const ITEM_DEPTH = 3;
/** The head of a list is a few hundred bytes. */
const REST_LENGTH_MAX = 64 * 1024;

/** What a list says beside its items. */
export interface ListHead {
  metadata?: { resourceVersion?: string; continue?: string };
}

export class ItemSplitter {
  readonly #itemBytesMax: number;
  readonly #decoder = new TextDecoder();
  readonly #item = new BytePieces();
  #rest = "";
  #depth = 0;
  #isText = false;
  #isEscaped = false;
  /** Inside of the array of items. */
  #isItems = false;
  #isSkipping = false;
  /** Items that were too long and are passed over. */
  tooLong = 0;

  constructor(itemBytesMax: number) {
    this.#itemBytesMax = itemBytesMax;
  }

  /** The items that end in this chunk. They are valid as long as the chunk is. Throws SyntaxError. */
  *split(chunk: Uint8Array): Generator<Uint8Array> {
    let from = 0; // of what is not kept yet: the rest, or an item
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#isText) {
        this.#readText(byte);
      } else if (byte === QUOTE) {
        this.#isText = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth++;
        if (this.#isItems && this.#depth === ITEM_DEPTH) from = at;
        if (!this.#isItems && this.#depth === ARRAY_DEPTH && byte === OPEN_BRACKET) {
          this.#keepRest(chunk.subarray(from, at + 1));
          this.#isItems = /"items"\s*:\s*\[$/.test(this.#rest);
          from = at + 1;
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth--;
        if (!this.#isItems) continue;
        if (this.#depth === ARRAY_DEPTH) {
          const item = this.#takeItem(chunk.subarray(from, at + 1));
          if (item) yield item;
        } else if (this.#depth < ARRAY_DEPTH) {
          this.#isItems = false;
          from = at;
        }
      }
    }
    if (!this.#isItems) this.#keepRest(chunk.subarray(from));
    else if (this.#depth >= ITEM_DEPTH) this.#keepItem(chunk.subarray(from));
  }

  #readText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isText = false;
  }

  #keepRest(part: Uint8Array): void {
    this.#rest += this.#decoder.decode(part, { stream: true });
    if (this.#rest.length > REST_LENGTH_MAX) throw new SyntaxError("a list with too much around its items");
  }

  #keepItem(part: Uint8Array): void {
    if (this.#isSkipping || this.#item.length + part.length > this.#itemBytesMax) {
      this.#isSkipping = true;
      this.#item.clear();
    } else {
      this.#item.add(part.slice());
    }
  }

  #takeItem(last: Uint8Array): Uint8Array | undefined {
    if (!this.#isSkipping && this.#item.length + last.length <= this.#itemBytesMax) return this.#item.take(last);
    this.#isSkipping = false;
    this.#item.clear();
    this.tooLong++;
    return undefined;
  }

  /** What stood around the items. Throws SyntaxError when the list is not whole. */
  end(): ListHead {
    return JSON.parse(this.#rest);
  }
}
