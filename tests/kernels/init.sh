#!/bin/sh
# The guest's first process: file systems, modules, then the tests, then off. Words of the kernel's command line:
# weir.root: where the project is; weir.devices: 1 to try tunnels and VLANs, too.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
mount -t bpf bpf /sys/fs/bpf
mkdir -p /dev/shm /run/netns
for word in $(cat /proc/cmdline); do
	case $word in
	weir.root=*) root=${word#weir.root=} ;;
	weir.devices=*) devices=${word#weir.devices=} ;;
	esac
done
for module in $(cat /modules/order); do
	insmod "/modules/$module.ko" || echo "cannot load $module"
done
ip link set lo up
export HOME=/root PATH=/bin:/sbin:/usr/bin:/usr/sbin DENO_DIR=/deno DENO_NO_UPDATE_CHECK=1 NO_COLOR=1
cd "$root" && deno run --cached-only --no-check -A tests/kernels/guest.ts "$devices"
poweroff -f
