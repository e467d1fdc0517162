/** What a node's programs are configured with. */
import type { Authority } from "../pki.ts";
import { POD_NETWORK } from "./addresses.ts";
import { SANDBOX_IMAGE } from "./node_images.ts";
import type { NodeControlPlane } from "./node_control_plane.ts";

export interface NodePlace {
  name: string;
  address: string;
  /** Of this node alone. */
  folder: string;
  /** Its control group's name. */
  cgroup: string;
}

/** Settings of the whole machine that kubelet insists on. */
const SYSCTLS = `vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
`;

/** Writes all that node_init.sh wants to find. */
export async function writeNodeFiles(node: NodePlace, plane: NodeControlPlane): Promise<void> {
  const { name, address, folder } = node;
  const { authority } = plane;
  for (const part of ["containerd", "state", "kubelet", "net.d"]) {
    Deno.mkdirSync(`${folder}/${part}`, { recursive: true });
  }
  const client = await authority.sign(`node-${name}`, `/O=system:nodes/CN=system:node:${name}`);
  const server = await authority.sign(`kubelet-${name}`, `/CN=${name}`, `DNS:${name},IP:${address}`);
  const proxy = await authority.sign("proxy", "/CN=system:kube-proxy");
  const proxyConfig = plane.writeKubeconfig("proxy", proxy);
  const files: Record<string, string> = {
    name,
    address,
    sysctls: SYSCTLS,
    "resolv.conf": "nameserver 127.0.0.1\n",
    "containerd.toml": containerdConfiguration(folder),
    "kubelet.json": JSON.stringify(kubeletConfiguration(node, authority, server)),
    "kubelet.kubeconfig": Deno.readTextFileSync(plane.writeKubeconfig(`node-${name}`, client)),
    "proxy.json": JSON.stringify(proxyConfiguration(node, proxyConfig)),
  };
  for (const [file, text] of Object.entries(files)) Deno.writeTextFileSync(`${folder}/${file}`, text);
}

/** Pods of a node: a bridge, addresses of the node's part of the pods' network. */
export function writePodNetwork({ folder }: NodePlace, subnet: string): void {
  const network = {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isDefaultGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: { type: "host-local", dataDir: `${folder}/ipam`, ranges: [[{ subnet }]] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  Deno.writeTextFileSync(`${folder}/net.d/10-pods.conflist`, JSON.stringify(network));
}

function containerdConfiguration(folder: string): string {
  return `version = 2
root = "${folder}/containerd"
state = "${folder}/state"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${SANDBOX_IMAGE}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

function kubeletConfiguration(node: NodePlace, authority: Authority, server: { certPath: string; keyPath: string }) {
  const { address, folder, cgroup } = node;
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: authority.certPath },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: server.certPath,
    tlsPrivateKeyFile: server.keyPath,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${folder}/containerd.sock`,
    // nobody answers there: what is asked for names in tests is none
    clusterDNS: ["10.96.0.10"],
    clusterDomain: "cluster.local",
    resolvConf: `${folder}/resolv.conf`,
    volumePluginDir: `${folder}/volumeplugins`,
    oomScoreAdj: 0,
    maxOpenFiles: 20_000,
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "0%",
      "imagefs.available": "0%",
      "nodefs.inodesFree": "0%",
    },
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
  };
}

function proxyConfiguration({ name, address }: NodePlace, kubeconfig: string) {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clientConnection: { kubeconfig },
    clusterCIDR: POD_NETWORK,
    hostnameOverride: name,
    healthzBindAddress: `${address}:10256`,
    metricsBindAddress: "127.0.0.1:10249",
    // the machine's own limits stay as they are
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    oomScoreAdj: 0,
  };
}
