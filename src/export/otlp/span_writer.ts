/**
 * Writes records as OTLP requests, in a WebAssembly module with a memory of its own:
 *
 *     64 KiB | table of pieces | caches of later ones | pieces | records, copied in | head and spans | later pieces
 *
 * Later pieces come up at run time and stay until there are too many: interfaces, kinds of ICMP, attribute sets.
 */
import { assert } from "../../errors.ts";
import { QUEUED_RECORD_BYTES } from "../../flow_record.ts";
import { OTLP_REQUEST_BYTES_MAX } from "../../limits.ts";
import type { References } from "../references.ts";
import { Piece } from "./piece_numbers.ts";
import type { RequestHead } from "./request_head.ts";
import { icmpPiece, type IsWanted, LATER_KINDS, laterPiece, spanPieces } from "./span_pieces.ts";

/** wasm/span/index.ts */
interface SpanExports {
  memory: WebAssembly.Memory;
  write(records: number, count: number, out: number, limit: number): number;
  spansWritten(): number;
}

const TABLE = 0x10000;
const CACHES = 0x14000;
const PIECES = 0x1e000;
const PIECE_HEADER_BYTES = 16;
const WASM_PAGE_BYTES = 65_536;
/** With this much of them, later pieces are all written again. */
const LATER_PIECES_BYTES = 4 * 1024 * 1024;
const NO_PIECE = 0;
/** In front of a gRPC message. */
export const FRAME_BYTES = 5;
/** Copies read so far behind a piece's end. */
const COPY_AHEAD_BYTES = 64;

/** Where later pieces lie, by what they say. */
type PieceCache = Map<number, number>;

export interface SpanWriterOptions {
  /** Records in one request. */
  recordsMax: number;
  /** Bytes in one request. Default: what receivers commonly take. */
  requestBytesMax?: number;
  /** Asked once, for the first request. */
  head(): RequestHead;
  references: References;
  /** Whether spans carry an attribute. */
  isWanted: IsWanted;
}

export class SpanWriter {
  readonly #exports: SpanExports;
  readonly #options: SpanWriterOptions;
  readonly #records: number;
  readonly #headAt: number;
  #head: RequestHead | undefined;
  readonly #limit: number;
  readonly #icmp: PieceCache = new Map();
  /** By kind. */
  readonly #later: PieceCache[] = Array.from({ length: LATER_KINDS }, () => new Map());
  readonly #laterFrom: number;
  #laterEnd: number;

  constructor(module: WebAssembly.Module, options: SpanWriterOptions) {
    this.#options = options;
    const instance = new WebAssembly.Instance(module, {
      host: {
        laterPiece: (kind: number, id: number) => this.#laterPiece(kind, id >>> 0),
        icmpPiece: (side: number, protocol: number, type: number, code: number) =>
          this.#icmpPiece(side, protocol, type, code),
      },
    });
    this.#exports = instance.exports as unknown as SpanExports;
    const pieces = spanPieces(options.isWanted, options.references.samplingRate);
    assert(TABLE + Piece.COUNT * 4 <= CACHES, "the table of pieces has room");
    const pieceBytes = [...pieces.values()].reduce((sum, { length }) => sum + spaceOf(length), 0);
    this.#records = PIECES + pieceBytes;
    this.#headAt = align(this.#records + options.recordsMax * QUEUED_RECORD_BYTES) + align(FRAME_BYTES);
    this.#limit = align(this.#headAt + (options.requestBytesMax ?? OTLP_REQUEST_BYTES_MAX));
    this.#laterFrom = this.#laterEnd = this.#limit;
    this.#reserve(this.#laterFrom);
    this.#writePieces(pieces);
  }

  #reserve(bytes: number): void {
    const { memory } = this.#exports;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
  }

  #writePieces(pieces: Map<number, number[]>): void {
    const table = new Uint32Array(this.#exports.memory.buffer, TABLE, Piece.COUNT);
    let at = PIECES;
    for (const [number, bytes] of pieces) {
      table[number] = this.#writePiece(at, bytes);
      at += spaceOf(bytes.length);
    }
    assert(at === this.#records, "pieces fill their space");
  }

  #writePiece(at: number, bytes: number[]): number {
    const { buffer } = this.#exports.memory;
    new DataView(buffer).setUint32(at + PIECE_HEADER_BYTES - 4, bytes.length, true);
    new Uint8Array(buffer).set(bytes, at + PIECE_HEADER_BYTES);
    return at + PIECE_HEADER_BYTES;
  }

  /** Pieces that come up at run time stay where they are until the next request. */
  #laterPiece(kind: number, id: number): number {
    const known = this.#later[kind]!.get(id);
    return known ??
      this.#addPiece(this.#later[kind]!, id, laterPiece(kind, id, this.#options.references, this.#options.isWanted));
  }

  #icmpPiece(side: number, protocol: number, type: number, code: number): number {
    const key = side << 24 | protocol << 16 | type << 8 | code;
    return this.#icmp.get(key) ?? this.#addPiece(this.#icmp, key, icmpPiece(side, protocol, type, code));
  }

  #addPiece(cache: PieceCache, key: number, bytes: number[]): number {
    let at = NO_PIECE;
    if (bytes.length) {
      this.#reserve(this.#laterEnd + spaceOf(bytes.length) + COPY_AHEAD_BYTES);
      at = this.#writePiece(this.#laterEnd, bytes);
      this.#laterEnd += spaceOf(bytes.length);
    }
    cache.set(key, at);
    return at;
  }

  #forgetPieces(): void {
    for (const cache of [this.#icmp, ...this.#later]) cache.clear();
    new Uint8Array(this.#exports.memory.buffer, CACHES, PIECES - CACHES).fill(0);
    this.#laterEnd = this.#laterFrom;
  }

  /**
   * An ExportTraceServiceRequest for records that lie one behind the other; undefined where they do not fit one
   * request. The bytes are valid until the next call.
   */
  write(records: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#write(records);
    return bytes === undefined ? undefined : this.#view(this.#headAt, bytes);
  }

  /** The same as a gRPC message in its frame. */
  writeFramed(records: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#write(records);
    if (bytes === undefined) return undefined;
    const framed = this.#view(this.#headAt - FRAME_BYTES, FRAME_BYTES + bytes);
    // not compressed, and so long (gRPC over HTTP/2, "Length-Prefixed-Message")
    new DataView(framed.buffer, framed.byteOffset).setUint32(1, bytes);
    framed[0] = 0;
    return framed;
  }

  #view(at: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#exports.memory.buffer as ArrayBuffer, at, bytes);
  }

  /** Returns the request's length. */
  #write(records: Uint8Array): number | undefined {
    const { recordsMax } = this.#options;
    const head = this.#head ??= this.#options.head();
    const count = records.length / QUEUED_RECORD_BYTES;
    assert(Number.isInteger(count) && count <= recordsMax, "a request is of whole records, and not of more");
    if (this.#laterEnd - this.#laterFrom > LATER_PIECES_BYTES) this.#forgetPieces();
    const { memory, write, spansWritten } = this.#exports;
    new Uint8Array(memory.buffer).set(records, this.#records);
    const from = this.#headAt + head.length;
    const end = write(this.#records, count, from, this.#limit) >>> 0;
    if (spansWritten() < count) return undefined;
    head.writeTo(this.#view(this.#headAt, head.length), end - from);
    return end - this.#headAt;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

/** What a piece takes with its header. Copies read on behind its end, into what follows. */
function spaceOf(bytes: number): number {
  return PIECE_HEADER_BYTES + align(bytes);
}
