/**
 * The second door to native code: the few system calls that Deno has no name for. Everything here is synchronous and
 * throws {@linkcode KernelError}, unless its doc says otherwise.
 */
import { assert, KernelError } from "./errors.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  strerror: { parameters: ["i32"], result: "pointer" },
  open: { parameters: ["buffer", "i32", "i32" /* mode */], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", /* command */ "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  mmap: {
    parameters: ["pointer", /* addr */ "usize", /* length */ "i32", /* prot */ "i32", /* flags */ "i32", "i64"],
    result: "pointer",
  },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", /* op */ "i32", /* fd */ "buffer" /* event */], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", /* maxevents */ "i32" /* timeout */], result: "i32" },
  poll: { parameters: ["buffer", "u64", /* nfds */ "i32" /* timeout */], result: "i32", nonblocking: true },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  access: { parameters: ["buffer", "i32"], result: "i32" },
  adjtimex: { parameters: ["buffer"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  sysconf: { parameters: ["i32"], result: "i64" },
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i64" },
} as const satisfies Deno.ForeignLibraryInterface;

let opened: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;

function libc(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  opened ??= Deno.dlopen("libc.so.6", SYMBOLS);
  return opened.symbols;
}

/** What the last failed call on this thread left in errno. */
export function errno(): number {
  const at = libc().__errno_location();
  assert(at !== null, "__errno_location() is NULL");
  return new Deno.UnsafePointerView(at).getInt32();
}

/** The C library's words for an errno. */
export function errnoText(code: number): string {
  const text = libc().strerror(code);
  return text === null ? `errno ${code}` : new Deno.UnsafePointerView(text).getCString();
}

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EAGAIN = 11;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOBUFS = 105;

/** Throws with errno and its words when a call answered below zero. */
function check(result: number | bigint, what: string): number {
  const value = Number(result);
  if (value >= 0) return value;
  const code = errno();
  throw new KernelError(`Cannot ${what}: ${errnoText(code)}`, { errno: code });
}

/** A NUL-terminated string for a C function. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

export const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;

/** Opens a file, read only, and returns its descriptor. */
export function openReadOnly(path: string): number {
  return check(libc().open(cString(path), O_RDONLY | O_CLOEXEC, 0), `open ${path}`);
}

const READ_BYTES = 65_536;

/**
 * A small file's text; undefined where it cannot be read. For /proc and /sys, which Deno opens only with all
 * permissions.
 */
export function readSystemFile(path: string): string | undefined {
  const fd = libc().open(cString(path), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return undefined;
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const part = new Uint8Array(READ_BYTES);
    const size = Number(libc().read(fd, part, BigInt(READ_BYTES)));
    if (size <= 0) break;
    text += decoder.decode(part.subarray(0, size), { stream: true });
  }
  libc().close(fd);
  return text + decoder.decode();
}

/** Whether a path can be opened. */
export function canOpen(path: string): boolean {
  const fd = libc().open(cString(path), O_RDONLY | O_CLOEXEC, 0);
  if (fd >= 0) libc().close(fd);
  return fd >= 0;
}

const W_OK = 2;

/** Whether this process's real user may write to a path. A file system that is read only says no, too. */
export function canWrite(path: string): boolean {
  return libc().access(cString(path), W_OK) === 0;
}

export function closeFd(fd: number): void {
  libc().close(fd);
}

const F_DUPFD_CLOEXEC = 1_030;

/** Another descriptor of the same open file. Throws KernelError. */
export function duplicateFd(fd: number): number {
  return check(libc().fcntl(fd, F_DUPFD_CLOEXEC, 0), `duplicate descriptor ${fd}`);
}

export const PROT_READ = 1;
export const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FIXED = 0x10;

/** Where a buffer of ours begins in this process's memory. */
export function addressOf(buffer: ArrayBuffer | SharedArrayBuffer): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer)));
}

/** Maps a descriptor's pages over memory that we own. Offsets and sizes in bytes, page aligned. */
export function mapFixed(address: bigint, sizeBytes: number, protection: number, fd: number, offset: number): void {
  const at = libc().mmap(
    Deno.UnsafePointer.create(address),
    BigInt(sizeBytes),
    protection,
    MAP_SHARED | MAP_FIXED,
    fd,
    BigInt(offset),
  );
  if (Deno.UnsafePointer.value(at) !== address) check(-1, `map ${sizeBytes} bytes of descriptor ${fd}`);
}

const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;

/** Takes back what mapFixed() mapped there: the memory is empty and our own again. */
export function clearFixed(address: bigint, sizeBytes: number): void {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  const protection = PROT_READ | PROT_WRITE;
  const at = libc().mmap(Deno.UnsafePointer.create(address), BigInt(sizeBytes), protection, flags, -1, 0n);
  if (Deno.UnsafePointer.value(at) !== address) check(-1, `unmap ${sizeBytes} bytes`);
}

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/** An event counter that wakes whoever waits for it. */
export function createEventFd(): number {
  return check(libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create an eventfd");
}

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);
const EIGHT_BYTES = new Uint8Array(8);

/** Wakes the waiters. Never blocks: a full counter has woken them already. */
export function signalEventFd(fd: number): void {
  libc().write(fd, ONE, 8n);
}

/** Takes the signal back. */
export function clearEventFd(fd: number): void {
  libc().read(fd, EIGHT_BYTES, 8n);
}

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const EPOLLET = 0x80000000;
/** struct epoll_event is packed on x86-64 and nowhere else. */
const EPOLL_EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;

export function createEpoll(): number {
  return check(libc().epoll_create1(EPOLL_CLOEXEC), "create an epoll instance");
}

/** Watches a descriptor for input; `edge`: only for input that is new. */
export function watchInput(epoll: number, fd: number, edge: boolean): void {
  const event = new DataView(new ArrayBuffer(EPOLL_EVENT_BYTES));
  event.setUint32(0, edge ? (EPOLLIN | EPOLLET) >>> 0 : EPOLLIN, true);
  event.setInt32(EPOLL_EVENT_BYTES - 8, fd, true);
  check(libc().epoll_ctl(epoll, EPOLL_CTL_ADD, fd, new Uint8Array(event.buffer)), `watch descriptor ${fd}`);
}

const EPOLL_EVENTS = new Uint8Array(4 * EPOLL_EVENT_BYTES);

/**
 * Waits on this thread until something watched is ready or the time is over. Returns how many descriptors were ready.
 */
export function waitEpoll(epoll: number, timeoutMs: number): number {
  const ready = libc().epoll_wait(epoll, EPOLL_EVENTS, 4, timeoutMs);
  if (ready < 0 && errno() !== EINTR) check(ready, "wait for events");
  return Math.max(0, ready);
}

const POLLIN = 1;

/** Waits, without holding up this thread, until one of the descriptors has input. */
export async function pollInput(fds: number[]): Promise<void> {
  const records = new DataView(new ArrayBuffer(8 * fds.length));
  fds.forEach((fd, i) => {
    records.setInt32(i * 8, fd, true);
    records.setInt16(i * 8 + 4, POLLIN, true);
  });
  await libc().poll(new Uint8Array(records.buffer), BigInt(fds.length), -1);
}

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;

/** A route netlink socket of the network namespace that this thread is in. groups: bit mask of multicast groups. */
export function openNetlinkRoute(groups: number, receiveBufferBytes: number): number {
  const fd = check(
    libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE),
    "open a netlink socket",
  );
  const size = new Uint8Array(new Int32Array([receiveBufferBytes]).buffer);
  libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, 4);
  const address = new DataView(new ArrayBuffer(12));
  address.setUint16(0, AF_NETLINK, true);
  address.setUint32(8, groups, true);
  check(libc().bind(fd, new Uint8Array(address.buffer), 12), "bind a netlink socket");
  return fd;
}

export function sendTo(fd: number, message: Uint8Array<ArrayBuffer>): void {
  check(libc().send(fd, message, BigInt(message.length), 0), "send a netlink request");
}

/** Bytes received, or minus errno: EAGAIN and ENOBUFS are answers, not mistakes. */
export function receive(fd: number, into: Uint8Array<ArrayBuffer>): number {
  const size = Number(libc().recv(fd, into, BigInt(into.length), 0));
  return size < 0 ? -errno() : size;
}

const CLONE_NEWNET = 0x40000000;

/** Moves this thread into the network namespace of an open descriptor. */
export function enterNetworkNamespace(fd: number): void {
  check(libc().setns(fd, CLONE_NEWNET), "enter a network namespace");
}

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
const TIMESPEC = new DataView(new ArrayBuffer(16));
const TIMESPEC_BYTES = new Uint8Array(TIMESPEC.buffer);

/** A clock's time in ns. */
export function clockNs(clock: number): bigint {
  libc().clock_gettime(clock, TIMESPEC_BYTES);
  return TIMESPEC.getBigInt64(0, true) * 1_000_000_000n + TIMESPEC.getBigInt64(8, true);
}

const TIMEX_BYTES = 208;
const STA_UNSYNC = 0x40;
const TIME_ERROR = 5;

/** What the kernel knows of its wall clock (adjtimex(2)). Changes nothing. */
export function clockDiscipline(): { synchronized: boolean; errorMostUs: number } {
  const timex = new DataView(new ArrayBuffer(TIMEX_BYTES));
  const state = check(libc().adjtimex(new Uint8Array(timex.buffer)), "ask about the wall clock");
  return {
    synchronized: state !== TIME_ERROR && !(timex.getInt32(40, true) & STA_UNSYNC),
    errorMostUs: Number(timex.getBigInt64(24, true)),
  };
}

const SC_PAGESIZE = 30;

/** Bytes of a page of memory: 4,096, on some arm64 kernels 65,536. */
export function pageBytes(): number {
  return Number(libc().sysconf(SC_PAGESIZE));
}

const SYS_BPF = Deno.build.arch === "x86_64" ? 321n : 280n;

/** bpf(2). attributes: the address of a union bpf_attr. Returns what the kernel does, or minus errno. */
export function callBpf(command: number, attributes: bigint, sizeBytes: number): number {
  const result = Number(libc().syscall(SYS_BPF, BigInt(command), attributes, BigInt(sizeBytes)));
  return result < 0 ? -errno() : result;
}

const SYS_MEMBARRIER = Deno.build.arch === "x86_64" ? 324 : 283;
const MEMBARRIER_CMD_GLOBAL = 1n;

/**
 * Returns after every CPU has left what it was doing in the kernel with preemption off: no program of ours runs still.
 */
export function waitForGracePeriod(): void {
  check(libc().syscall(BigInt(SYS_MEMBARRIER), MEMBARRIER_CMD_GLOBAL, 0n, 0n), "wait for a grace period");
}
