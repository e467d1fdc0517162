/**
 * Writes records as OTLP spans, in a WebAssembly module with a memory of its own:
 *
 *     64 KiB        pieces' table | pieces … | records, copied in | spans, written out
 */
import { assert } from "../../errors.ts";
import { QUEUED_RECORD_BYTES } from "../../flow_record.ts";
import { Piece } from "./piece_numbers.ts";
import { icmpPiece, interfaceElement, interfacePiece, spanPieces } from "./span_pieces.ts";

/** wasm/span/index.ts */
interface SpanExports {
  memory: WebAssembly.Memory;
  write(records: number, count: number, out: number): number;
}

const TABLE = 0x10000;
const PIECE_HEADER_BYTES = 16;
const WASM_PAGE_BYTES = 65_536;
/** Interfaces and kinds of ICMP come one by one; beyond this much they are all written again. */
const LATER_PIECES_BYTES = 1024 * 1024;
/** The longest span, and what copies write behind their end. */
const SPAN_BYTES_MAX = 8_192;

export interface SpanWriterOptions {
  /** Records in one write(). */
  recordsMax: number;
  interfaceOf(id: number): { name: string | undefined; ifindex: number | undefined } | undefined;
}

export class SpanWriter {
  readonly #exports: SpanExports;
  readonly #options: SpanWriterOptions;
  readonly #records: number;
  readonly #out: number;
  readonly #cached = new Map<number, number>();
  readonly #laterFrom: number;
  readonly #laterEnd: number;
  #later: number;

  constructor(module: WebAssembly.Module, options: SpanWriterOptions) {
    this.#options = options;
    const instance = new WebAssembly.Instance(module, {
      host: {
        interfacePiece: (id: number) => this.#interface(id),
        interfaceElement: (id: number) => this.#element(id),
        icmpPiece: (side: number, protocol: number, type: number, code: number) =>
          this.#cache(
            1 << 31 | side << 30 | (protocol === 1 ? 0 : 1) << 29 | type << 8 | code,
            () => icmpPiece(side, protocol, type, code),
          ),
      },
    });
    this.#exports = instance.exports as unknown as SpanExports;
    const pieces = spanPieces();
    const pieceBytes = [...pieces.values()].reduce((sum, { length }) => sum + spaceOf(length), 0);
    this.#laterFrom = this.#later = TABLE + align(Piece.COUNT * 4) + pieceBytes;
    this.#laterEnd = this.#laterFrom + LATER_PIECES_BYTES;
    this.#records = this.#laterEnd;
    this.#out = align(this.#records + options.recordsMax * QUEUED_RECORD_BYTES);
    this.#grow(this.#out + options.recordsMax * SPAN_BYTES_MAX);
    this.#writePieces(pieces);
  }

  #grow(bytes: number): void {
    const { memory } = this.#exports;
    memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / WASM_PAGE_BYTES));
  }

  #writePieces(pieces: Map<number, number[]>): void {
    const table = new Uint32Array(this.#exports.memory.buffer, TABLE, Piece.COUNT);
    let at = TABLE + align(Piece.COUNT * 4);
    for (const [number, bytes] of pieces) {
      table[number] = this.#writePiece(at, bytes);
      at += spaceOf(bytes.length);
    }
    assert(at === this.#laterFrom, "pieces fill their space");
  }

  #writePiece(at: number, bytes: number[]): number {
    const { buffer } = this.#exports.memory;
    new DataView(buffer).setUint32(at + PIECE_HEADER_BYTES - 4, bytes.length, true);
    new Uint8Array(buffer).set(bytes, at + PIECE_HEADER_BYTES);
    return at + PIECE_HEADER_BYTES;
  }

  /** A piece that comes up at run time. */
  #cache(key: number, encode: () => number[]): number {
    const known = this.#cached.get(key);
    if (known !== undefined) return known;
    const bytes = encode();
    if (this.#later + spaceOf(bytes.length) > this.#laterEnd) {
      this.#cached.clear();
      this.#later = this.#laterFrom;
    }
    const at = bytes.length === 0 ? 0 : this.#writePiece(this.#later, bytes);
    this.#later += spaceOf(bytes.length);
    this.#cached.set(key, at);
    return at;
  }

  #interface(id: number): number {
    return this.#cache(id << 1, () => {
      const known = this.#options.interfaceOf(id);
      return known ? interfacePiece(known) : [];
    });
  }

  #element(id: number): number {
    return this.#cache(id << 1 | 1, () => {
      const name = this.#options.interfaceOf(id)?.name;
      return name === undefined ? [] : interfaceElement(name);
    });
  }

  /** Spans for records that lie one behind the other. The bytes are valid until the next call. */
  write(records: Uint8Array): Uint8Array<ArrayBuffer> {
    const count = records.length / QUEUED_RECORD_BYTES;
    assert(
      Number.isInteger(count) && count <= this.#options.recordsMax,
      "a write is of whole records, and not of more",
    );
    const { memory, write } = this.#exports;
    new Uint8Array(memory.buffer).set(records, this.#records);
    const end = write(this.#records, count, this.#out) >>> 0;
    return new Uint8Array(memory.buffer as ArrayBuffer, this.#out, end - this.#out);
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

/** What a piece takes with its header. Copies read on behind its end, into what follows. */
function spaceOf(bytes: number): number {
  return PIECE_HEADER_BYTES + align(bytes);
}
