#!/bin/sh
# First program of a worker node. From the initramfs it moves to a tmpfs, because crun needs pivot_root and that fails on the initial rootfs; then it
# mounts what programs expect and becomes the agent (/init).
if [ "$1" != again ]; then
  /bin/mount -t tmpfs -o size=90%,mode=755 root /newroot
  cd / && for d in bin sbin usr lib etc var root init; do /bin/cp -a "/$d" /newroot/; done
  mkdir -p /newroot/proc /newroot/sys /newroot/dev /newroot/run /newroot/tmp /newroot/mnt
  exec /bin/switch_root /newroot /sbin/node-start again
fi
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t tmpfs -o mode=755 run /run
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
chmod 1777 /tmp
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/node /sys/fs/cgroup/kubepods/burstable /sys/fs/cgroup/kubepods/besteffort
echo $$ > /sys/fs/cgroup/node/cgroup.procs
for g in '' /kubepods /kubepods/burstable /kubepods/besteffort; do
  echo '+cpu +memory +pids +io' > /sys/fs/cgroup$g/cgroup.subtree_control
done
# image layers that the page unpacks (src/machine/shared-files.ts); they never change, so the guest may cache what it likes
mkdir -p /var/lib/layers
mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072,cache=loose,access=any host9p /var/lib/layers
# the node's own work (rules, mounts, starting containers) comes before the pods', as reserved resources ask on real nodes
echo 10000 > /sys/fs/cgroup/node/cpu.weight
mkdir -p /run/crun /run/netns /run/sandboxes /var/lib/containers /var/lib/images /var/log/pods /var/lib/kubelet/pods
mount --make-rshared / 2> /dev/null
ip link set lo up
sysctl -q -w net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1 \
  net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 vm.overcommit_memory=1 kernel.panic=10 \
  net.netfilter.nf_conntrack_tcp_be_liberal=1 2>&1
echo 'node: started'
exec /init > /dev/console 2>&1 < /dev/null
