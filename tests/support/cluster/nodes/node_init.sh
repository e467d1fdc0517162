#!/bin/sh
# The first process of a node, in network, mount and process namespaces of its own: when it ends, all of the node does.
#
#     node_init.sh FOLDER KUBELET KUBE_PROXY IMAGE.tar …      FOLDER: what node.ts wrote for this node
set -eu
folder=$1 kubelet=$2 proxy=$3
shift 3

# a sysfs of this network namespace, with the machine's control groups in it
mkdir -p "$folder/cgroup"
mount --rbind /sys/fs/cgroup "$folder/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$folder/cgroup" /sys/fs/cgroup
umount -l "$folder/cgroup"
mount -t bpf bpf /sys/fs/bpf
# after the moves above: mounts of containers are seen by all of the node
mount --make-rshared /
mkdir -p "$folder/log" /run/containerd /var/lib/cni
mount --bind "$folder/log" /var/log
mount -t tmpfs tmpfs /run/containerd
mount -t tmpfs tmpfs /var/lib/cni
# a node that starts has no pods
rm -rf "$folder/ipam"
# what kubelet would set for the whole machine: it sees what it wants, and the machine's stays
while read -r name value; do
  file="$folder/sysctl-$(echo "$name" | tr / -)"
  echo "$value" > "$file"
  mount --bind "$file" "/proc/sys/$name"
done < "$folder/sysctls"

containerd --config "$folder/containerd.toml" >> "$folder/containerd.log" 2>&1 < /dev/null &
until ctr --address "$folder/containerd.sock" version > /dev/null 2>&1; do sleep 0.1; done
for image in "$@"; do
  ctr --address "$folder/containerd.sock" --namespace k8s.io images import --digests=false "$image"
done
"$kubelet" --config="$folder/kubelet.json" --kubeconfig="$folder/kubelet.kubeconfig" --root-dir="$folder/kubelet" \
  --hostname-override="$(cat "$folder/name")" --node-ip="$(cat "$folder/address")" --v=1 \
  >> "$folder/kubelet.log" 2>&1 < /dev/null &
"$proxy" --config="$folder/proxy.json" --v=1 >> "$folder/kube-proxy.log" 2>&1 < /dev/null &
# whoever is left behind is taken in
trap 'exit 0' TERM
while :; do
  wait || true
  sleep 1
done
