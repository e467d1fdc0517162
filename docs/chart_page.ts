/** chart/README.md */
import { chartValues } from "./chart_values.ts";
import { code, table } from "./markdown.ts";

const INTRODUCTION = `# weir's chart

The table of values is made from \`chart/values.yaml\` by \`deno task docs\`.

\`\`\`sh
docker build --tag REGISTRY/weir:0.1.0 . && docker push REGISTRY/weir:0.1.0
helm install weir ./chart --set image.repository=REGISTRY/weir --set-file config.content=weir.hcl --wait --timeout 10m
kubectl rollout status daemonset/weir     # Helm 3 does not wait for as many nodes as may be without
kubectl get pods -l app.kubernetes.io/name=weir
POD=$(kubectl get pod -l app.kubernetes.io/name=weir -o jsonpath='{.items[0].metadata.name}')
kubectl exec $POD -- wget -q -O- http://localhost:8080/livez
kubectl exec $POD -- wget -q -O- http://localhost:8080/readyz
kubectl exec $POD -- weir status

helm upgrade weir ./chart --reuse-values --set-file config.content=weir.hcl --wait
helm rollback weir
helm uninstall weir
\`\`\`

A DaemonSet runs one agent a node. It wants Kubernetes 1.21 or later and what
[docs/requirements.md](../docs/requirements.md) says of nodes. Without Helm:
\`kubectl apply -f packaging/kubernetes.yaml\`, after its receiver is changed to yours.

## Configuration

\`config.content\` is a configuration as text, \`config.values\` one as values; all keys are in
[docs/settings.md](../docs/settings.md). A mistake in values is refused by Helm itself, as weir's schema is part of the
chart's. A text is checked by a job before anything is installed or changed, with what \`weir config validate\` says; Helm
3.18 and later show it. A first install that was refused leaves a failed release: \`helm upgrade --install\` or
\`helm uninstall\` goes on from there. What \`envFrom\` names has to be there before the job: a Secret of \`extraObjects\`
is not, unless it is a hook itself (\`helm.sh/hook: pre-install,pre-upgrade\`, \`helm.sh/hook-weight: "-3"\`).
\`config.validate=false\` leaves the job out.

Some keys are set by the chart, whatever a configuration says of them: ports, addresses and whether health is served, so
that probes and Services find it; the node's name; outside of the host's network, \`network_namespace\`. Inside of a pod
\`weir doctor\` and the other commands use the agent's own configuration (\`WEIR_CONFIG_PATH\`). Where
\`shutdown_timeout\` is longer, \`terminationGracePeriodSeconds\` has to be, too.

## What it may do

| mode | capabilities | beside |
| --- | --- | --- |
| \`hostNetwork: false\` (default) | BPF, NET_ADMIN, PERFMON, SYS_ADMIN, SYS_PTRACE | hostPID; AppArmor unconfined |
| \`hostNetwork: true\` | BPF, NET_ADMIN, PERFMON | |
| \`securityContext.privileged: true\` | all | for runtimes that know no CAP_BPF |

| capability | why |
| --- | --- |
| BPF | load programs and maps |
| NET_ADMIN | attach them to devices, follow devices |
| PERFMON | programs that read packets by pointer |
| SYS_ADMIN | enter the host's network namespace to attach; the agent itself stays in the pod's |
| SYS_PTRACE | open \`/proc/1/ns/net\`, which is another process's |
| SYS_RESOURCE | not among them: only for nodes before Linux 5.11, where locked memory is limited |

A list in \`securityContext.capabilities.add\` is all of them, so that nodes before Linux 5.11 take
\`--set 'securityContext.capabilities.add={BPF,NET_ADMIN,PERFMON,SYS_ADMIN,SYS_PTRACE,SYS_RESOURCE}'\`. Where SELinux
is enforced, \`--set podSecurityContext.seLinuxOptions.type=spc_t\` lets the pod use bpf().

All others are dropped, the root file system is read-only, and the runtime's filter for system calls stays on. The
ClusterRole has the verbs list and watch, for the kinds that flows are named after: what \`config.values\` leaves out is
left out there, too. For a configuration as HCL, which a chart cannot read, \`rbac.kinds\` says it.

## Memory

The agent reads its container's memory limit, fits its table to it and says so in its log. With the chart's limit of
256Mi and one receiver it holds 180,000 flows at once, with 512Mi a million; more are counted in aggregates, and none is
lost. A smaller \`max_queue_size\` of receivers leaves more to the table. Commands in the pod, as
\`kubectl exec POD -- weir status\`, are within the same limit: they take 25 to 40 MB while they run, for which there is
room.

## Nodes that are different

\`\`\`yaml
nodeOverrides:
  - name: edge
    label: { key: node-role.example/edge, value: "true" }
    config:
      values:
        discovery: { instrument: { interfaces: ["bond*"] } }
\`\`\`

## Values`;

export function chartPage(): string {
  const rows = chartValues().map(({ path, standard, says }) => [
    code(path.join(".")),
    code(JSON.stringify(standard)),
    says,
  ]);
  return [INTRODUCTION, table(["value", "default", ""], rows)].join("\n\n");
}
