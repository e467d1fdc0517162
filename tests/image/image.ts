/** The image as people run it: what is in it, what it may do, what it says. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { VERSION } from "../../src/version.ts";
import { assertFinalBooks, assertNothingLost, readBooksFile } from "../support/books_file.ts";
import { generate } from "../support/generator.ts";
import { mustRun } from "../support/host.ts";
import { runContainer, RunningContainer } from "../support/image/container.ts";
import { podman } from "../support/image/store.ts";
import { weirImage } from "../support/image/weir_image.ts";
import { NetworkLab } from "../support/network_lab.ts";
import { hadolintCommand } from "../support/tools/hadolint.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const IMAGE = await weirImage();
const CAPABILITIES = ["BPF", "NET_ADMIN", "PERFMON"];
const SIZE_MOST_BYTES = 250_000_000;

Deno.test("the Dockerfile is as hadolint wants it", async () => {
  await mustRun(await hadolintCommand(), ["--config", `${ROOT}packaging/hadolint.yaml`, `${ROOT}Dockerfile`]);
});

Deno.test("the image is small, says what it is, and has no compiler", async () => {
  const [image] = JSON.parse(await podman("inspect", IMAGE));
  ok(image.Size < SIZE_MOST_BYTES, `${image.Size} bytes`);
  equal(image.Labels["org.opencontainers.image.version"], VERSION);
  equal(image.Labels["org.opencontainers.image.title"], "weir");
  deepEqual(image.Config.Entrypoint, ["/opt/weir/bin/weir"]);
  const look = "for tool in clang gcc cc ld npm node bpftool apt-get wget tc weir; do command -v $tool; done; true";
  const { stdout } = await runContainer({ image: IMAGE, args: ["-c", look], more: ["--entrypoint", "sh"] });
  deepEqual(stdout.trim().split("\n"), ["/usr/bin/apt-get", "/usr/bin/wget", "/usr/sbin/tc", "/usr/local/bin/weir"]);
});

Deno.test("the image runs weir with the permissions that deno.json lists, and with no other modules", async () => {
  const read = async (path: string) => {
    const { stdout } = await runContainer({ image: IMAGE, args: [path], more: ["--entrypoint", "cat"] });
    return stdout;
  };
  const ours = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const theirs = JSON.parse(await read("/opt/weir/deno.json"));
  deepEqual(theirs.permissions, ours.permissions);
  ok(!Object.keys(theirs.imports).some((name) => ["assemblyscript", "ajv", "@kubernetes/client-node"].includes(name)));
  const flags = ours.tasks.start.command.split("&&").at(-1).match(/--?\S+/g).join(" ");
  ok((await read("/opt/weir/bin/weir")).includes(flags), "as the start task");
});

Deno.test("weir's verbs are the image's arguments, without network, without capabilities, as nobody", async () => {
  const nobody = { image: IMAGE, user: "65534:65534" };
  match((await runContainer({ ...nobody, args: ["version"] })).stdout, new RegExp(`^weir ${VERSION} `));
  const good = await runContainer({ ...nobody, args: ["config", "validate", "-"] }, 'log_level = "debug"\n');
  deepEqual([good.code, good.stdout], [0, "- can be used\n"]);
  const bad = await runContainer({ ...nobody, args: ["config", "validate", "-"] }, "span {\n  tcp_timeot = 3\n}\n");
  equal(bad.code, 2);
  match(bad.stderr, /standard input:2:3: unknown key "span.tcp_timeot": did you mean "tcp_timeout"\?/);
  equal((await runContainer({ ...nobody, args: ["flys"] })).code, 2);
  const doctor = await runContainer({ ...nobody, args: ["doctor"] });
  equal(doctor.code, 1, "nobody may not capture");
  match(doctor.stdout, /MISSING\s+cap_bpf/);
});

Deno.test("the image captures with three capabilities, read-only, and its books close", async () => {
  using lab = new NetworkLab();
  const [host, peer] = [lab.namespace("host"), lab.namespace("peer")];
  lab.veth(host, "eth0", peer, "eth0", "10.77.0.9/24", "10.77.0.1/24");
  const folder = Deno.makeTempDirSync({ prefix: "weirtest-" });
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => Deno.removeSync(folder, { recursive: true }));
  const container = await RunningContainer.start({
    image: IMAGE,
    capabilities: CAPABILITIES,
    network: host.path,
    memory: "211m",
    volumes: [`${folder}:/books`],
    args: ["run", "--interface", "eth0", "--output", "json", "--books", "/books/books.json"],
  });
  cleanUp.use(container);
  const sent = await generate({
    interface: "eth0",
    namespace: peer.name,
    destinationMac: host.link("eth0").mac,
    flows: 101,
    packets: 10_007,
    rate: 20_000,
  });
  match(await container.exec("tc", "-V"), /iproute2/);
  match(await container.exec("weir", "status"), /eth0/);
  const { code, stdout, stderr } = await container.stop();
  equal(code, 0, stderr);
  ok(!stderr.includes("Program ?"), "its own program is no stranger, though its name cannot be asked for");
  match(stderr, /Memory is limited to 211 MiB: \d+ flows are held at most/);
  const books = readBooksFile(`${folder}/books.json`);
  assertFinalBooks(books);
  assertNothingLost(books);
  const spans = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const ours = spans.map(({ attributes }) => attributes).filter((one) => one["destination.port"] === 4_242);
  equal(ours.length, 101);
  const counted = ours.map((one) => one["flow.packets.delta"] + one["flow.reverse.packets.delta"]);
  equal(counted.reduce((total, packets) => total + packets), sent.packets);
});

Deno.test("a capability that is missing is named", async () => {
  using lab = new NetworkLab();
  for (const lacking of CAPABILITIES) {
    const { code, stderr } = await runContainer({
      image: IMAGE,
      capabilities: CAPABILITIES.filter((name) => name !== lacking),
      network: lab.namespace(lacking.toLowerCase().slice(0, 3)).path,
      args: ["run"],
    });
    equal(code, 1);
    match(stderr, new RegExp(`cap_${lacking.toLowerCase()}`), lacking);
  }
});

Deno.test("the image for arm64 has the same in it, and runs weir's verbs by an emulator", async () => {
  const image = await weirImage({ arch: "arm64" });
  const [{ Architecture, Size }] = JSON.parse(await podman("inspect", image));
  equal(Architecture, "arm64");
  ok(Size < SIZE_MOST_BYTES, `${Size} bytes`);
  const here = { image, user: "65534:65534", more: ["--arch", "arm64"] };
  const shell = { ...here, more: [...here.more, "--entrypoint", "sh"] };
  const look = await runContainer({ ...shell, args: ["-c", "uname -m; tc -V; ls /usr/lib/*/libbpf.so.1"] });
  match(look.stdout, /^aarch64\ntc utility, iproute2.*\n\/usr\/lib\/aarch64-linux-gnu\/libbpf\.so\.1$/m);
  match((await runContainer({ ...here, args: ["version"] })).stdout, new RegExp(`^weir ${VERSION} `));
  const bad = await runContainer({ ...here, args: ["config", "validate", "-"] }, "span {\n  tcp_timeot = 3\n}\n");
  deepEqual([bad.code, /2:3: unknown key "span\.tcp_timeot"/.test(bad.stderr)], [2, true], bad.stderr);
});
