/** Traffic whose every packet is known: datagrams that are echoed one by one, and a TCP transfer there and back. */
import { createSocket, type Socket } from "node:dgram";
import { connect, createServer, type Server } from "node:net";

export interface UdpOrder {
  kind: "udp";
  from: string;
  to: string;
  port: number;
  count: number;
  payloadBytes: number;
}

export interface TcpOrder {
  kind: "tcp";
  from: string;
  to: string;
  port: number;
  /** Sent, and sent back. */
  bytes: number;
}

export type Order = UdpOrder | TcpOrder;

/** An answer that does not come is a lost packet: that must not happen here. */
const ANSWER_MS = 20_000;

/** Waits for an event, or throws after a while. */
function within<T>(what: string, start: (done: (value: T) => void, fail: (error: Error) => void) => void): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new Error(`${what}: nothing for ${ANSWER_MS} ms`)), ANSWER_MS);
  start(resolve, reject);
  return promise.finally(() => clearTimeout(timer));
}

function udpSocket(address: string, port: number): Promise<Socket> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  return within(`bind ${address}`, (done, fail) => {
    socket.once("error", fail);
    socket.bind(port, address, () => done(socket));
  });
}

/** Echoes what comes until it is closed. */
export async function echoUdp(address: string, port: number): Promise<{ close(): void }> {
  const socket = await udpSocket(address, port);
  socket.on("message", (message, { port, address }) => socket.send(message, port, address));
  return socket;
}

export function echoTcp(address: string, port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", (error) => console.error(`echo: ${error.message}`));
    socket.pipe(socket);
  });
  return within(`listen on ${address}`, (done) => server.listen(port, address, () => done(server)));
}

export function send(order: Order): Promise<void> {
  return order.kind === "udp" ? sendUdp(order) : sendTcp(order);
}

async function sendUdp({ from, to, port, count, payloadBytes }: UdpOrder): Promise<void> {
  const socket = await udpSocket(from, port);
  const payload = new Uint8Array(payloadBytes);
  try {
    for (let i = 0; i < count; i++) {
      await within(`datagram ${i} to ${to}`, (done) => {
        socket.once("message", () => done(undefined));
        socket.send(payload, port, to);
      });
    }
  } finally {
    socket.close();
  }
}

async function sendTcp({ from, to, port, bytes }: TcpOrder): Promise<void> {
  await within(`TCP to ${to}`, (done, fail) => {
    let received = 0;
    const socket = connect({ host: to, port, localAddress: from });
    socket.on("error", fail);
    socket.on("connect", () => socket.write(new Uint8Array(bytes)));
    socket.on("data", (data) => {
      received += data.length;
      if (received === bytes) socket.end();
    });
    socket.on("close", () => done(undefined));
  });
}

/** TCP segments that this network namespace has sent so far, sent again ones included. */
export function tcpSegmentsSent(): number {
  const [names, values] = Deno.readTextFileSync("/proc/self/net/snmp").split("\n")
    .filter((line) => line.startsWith("Tcp:")).map((line) => line.split(" "));
  const of = (name: string) => Number(values![names!.indexOf(name)]);
  return of("OutSegs") + of("RetransSegs");
}
