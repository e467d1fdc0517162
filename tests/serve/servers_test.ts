import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { EnvironmentError } from "../../src/errors.ts";
import type { Bindings } from "../../src/serve/askers.ts";
import { listenOnPort, listenOnSocket, type PortOptions } from "../../src/serve/servers.ts";
import { inFolder } from "../support/folder.ts";

const LOCAL: PortOptions = { name: "health", address: "127.0.0.1", port: 0, chosen: true };

/** Answers who asked. */
function echo(_request: Request, { local }: Bindings): Response {
  return new Response(local ? "local" : "remote");
}

async function askSocket(path: string): Promise<string> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return await (await fetch("http://weir/", { client })).text();
}

/** A request as it goes over the wire, with whatever Host. */
async function askRaw(port: number, host: string, header = ""): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = `GET /books HTTP/1.1\r\nHost: ${host}\r\n${header}Connection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

function portOf({ where }: { where: string }): number {
  return Number(where.slice(where.lastIndexOf(":") + 1));
}

/** Gives this machine an address that is not loopback for a while. */
async function withOuterAddress(test: (address: string) => Promise<void>): Promise<void> {
  const address = "198.51.100.77";
  const ip = (verb: string) =>
    ok(new Deno.Command("ip", { args: ["address", verb, `${address}/32`, "dev", "lo"] }).outputSync().success);
  ip("add");
  try {
    await test(address);
  } finally {
    ip("del");
  }
}

Deno.test("listenOnPort() takes any port where 0 is chosen, and says which", async () => {
  const listener = listenOnPort(LOCAL, echo)!;
  match(listener.where, /^127\.0\.0\.1:\d+$/);
  ok(portOf(listener) > 0);
  equal(await (await fetch(`http://${listener.where}/`)).text(), "local");
  await listener.close();
  await rejects(fetch(`http://${listener.where}/`));
});

Deno.test("listenOnPort() takes every address where it is ::, of IPv4 too, and knows whoever is near by both", async () => {
  const listener = listenOnPort({ ...LOCAL, address: "::" }, echo)!;
  match(listener.where, /^\[::\]:\d+$/);
  for (const host of ["127.0.0.1", "[::1]"]) {
    equal(await (await fetch(`http://${host}:${portOf(listener)}/`)).text(), "local", host);
  }
  await listener.close();
});

Deno.test("listenOnPort() runs without where a default port is taken, and refuses where it was chosen", async () => {
  const first = listenOnPort(LOCAL, echo)!;
  const port = portOf(first);
  equal(listenOnPort({ ...LOCAL, port, chosen: false }, echo), undefined);
  throws(
    () => listenOnPort({ ...LOCAL, port }, echo),
    (error: unknown) =>
      error instanceof EnvironmentError &&
      error.message ===
        `Cannot serve health on 127.0.0.1:${port}: the port is taken by another program; choose another one`,
  );
  await first.close();
});

Deno.test("listenOnPort() refuses an address that is not this machine's, chosen port or not", () => {
  for (const [address, chosen] of [["192.0.2.7", true], ["192.0.2.7", false], ["no such name", false]] as const) {
    throws(
      () => listenOnPort({ ...LOCAL, address, chosen }, echo),
      (error: unknown) =>
        error instanceof EnvironmentError && error.message.includes(address) &&
        error.message.endsWith("choose another address"),
    );
  }
});

Deno.test("listenOnPort() takes nobody for local who comes by another address", async () => {
  await withOuterAddress(async (address) => {
    const listener = listenOnPort({ ...LOCAL, address: "0.0.0.0" }, echo)!;
    const port = portOf(listener);
    equal(await (await fetch(`http://${address}:${port}/`)).text(), "remote");
    equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "local");
    await listener.close();
  });
});

Deno.test("listenOnPort() takes no request for local that names another host: a browser's page may send it", async () => {
  const listener = listenOnPort(LOCAL, echo)!;
  const port = portOf(listener);
  for (const host of [`localhost:${port}`, "127.0.0.1", "127.9.9.9", "[::1]:80"]) {
    match(await askRaw(port, host), /\r\n\r\nlocal$/, host);
  }
  for (const host of ["rebound.example", `127.0.0.1.evil.example:${port}`, "10.0.0.1", "localhost.evil.example"]) {
    match(await askRaw(port, host), /\r\n\r\nremote$/, host);
  }
  await listener.close();
});

Deno.test("listenOnPort() takes no request for local that a browser sends for another page", async () => {
  const listener = listenOnPort(LOCAL, echo)!;
  const ask = (site: string) => askRaw(portOf(listener), "localhost", `Sec-Fetch-Site: ${site}\r\n`);
  for (const site of ["none", "same-origin"]) match(await ask(site), /\r\n\r\nlocal$/, site);
  for (const site of ["cross-site", "same-site"]) match(await ask(site), /\r\n\r\nremote$/, site);
  await listener.close();
});

Deno.test("listenOnPort() takes ::1 for local, too", async () => {
  const listener = listenOnPort({ ...LOCAL, address: "::1" }, echo)!;
  equal(await (await fetch(`http://[::1]:${portOf(listener)}/`)).text(), "local");
  await listener.close();
});

Deno.test("listenOnPort() tells of a failed request without its cause, and goes on", async () => {
  let fails = true;
  const listener = listenOnPort(LOCAL, () => {
    if (fails) throw new Error("secret");
    return new Response("fine");
  })!;
  const response = await fetch(`http://${listener.where}/`);
  deepEqual([response.status, await response.text()], [500, "internal error\n"]);
  fails = false;
  equal(await (await fetch(`http://${listener.where}/`)).text(), "fine");
  await listener.close();
});

Deno.test("listenOnPort() closes though somebody asks without end", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  const listener = listenOnPort(LOCAL, () => {
    asked.resolve();
    return answer.promise;
  })!;
  const request = fetch(`http://${listener.where}/`);
  await asked.promise;
  await listener.close();
  answer.resolve(new Response("late"));
  equal(await (await request).text(), "late");
});

Deno.test(
  "listenOnSocket() makes folder and socket, the socket for its owner only",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/run/weir.sock`;
      const listener = await listenOnSocket(path, echo);
      equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      equal(listener.where, path);
      equal(await askSocket(path), "local");
      equal(Deno.umask() & 0o700, 0, "the mask is as it was");
      await listener.close();
    }),
);

Deno.test(
  "listenOnSocket() replaces a socket that nobody answers",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/weir.sock`;
      const script = `Deno.listen({ transport: "unix", path: "${path}" }); Deno.kill(Deno.pid, "SIGKILL");`;
      await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
      ok((await Deno.lstat(path)).isSocket, "a killed process left it");
      const listener = await listenOnSocket(path, echo);
      equal(await askSocket(path), "local");
      await listener.close();
    }),
);

Deno.test(
  "listenOnSocket() refuses a socket that somebody answers, and leaves it to them",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/weir.sock`;
      const first = await listenOnSocket(path, echo);
      await rejects(
        listenOnSocket(path, echo),
        (error: unknown) =>
          error instanceof EnvironmentError &&
          error.message === `Cannot serve on ${path}: another agent answers there; ` +
              "stop it, or choose another socket with --socket",
      );
      equal(await askSocket(path), "local");
      await first.close();
    }),
);

Deno.test(
  "listenOnSocket() refuses what is no socket, and leaves it as it is",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/precious.txt`;
      await Deno.writeTextFile(path, "precious");
      await rejects(listenOnSocket(path, echo), /no socket; choose another socket with --socket/);
      equal(await Deno.readTextFile(path), "precious");
      await rejects(listenOnSocket(`${path}/weir.sock`, echo), EnvironmentError);
      await rejects(listenOnSocket(folder, echo), /no socket/);
      await Deno.symlink(path, `${folder}/link`);
      await rejects(listenOnSocket(`${folder}/link`, echo), /no socket/);
    }),
);

Deno.test(
  "listenOnSocket() says that a path is too long",
  () =>
    inFolder(async (folder) => {
      await rejects(
        listenOnSocket(`${folder}/${"x".repeat(150)}`, echo),
        (error: unknown) => error instanceof EnvironmentError && error.message.endsWith("with --socket"),
      );
    }),
);
