#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: powercut.sh ROUND:SEED:CHECK[:NAME=PROMISED...]
#
# In the guest, instead of a plan (lab.powercut=): makes the file systems in
# round 1, mounts them and by that replays their journals in all others, and
# verifies what the guest before this one was promised. CHECK=1 has fsck look
# as well. Then it writes until the power is cut, or powers off if SEED is 0.

# shellcheck source=lib.sh
. /lab/lib.sh
oldifs=$IFS IFS=:
# shellcheck disable=SC2086 # words are wanted
set -- $1
IFS=$oldifs
round=$1 seed=$2 check=$3
shift 3

bad() {
	note "powercut: bad $*"
}

# One namespace and file system each; FSDAX devices keep their name.
mount_both() {
	mount_dax ext4 /dev/pmem0 /mnt/ext4 || bad "mount ext4"
	mount_dax xfs /dev/pmem2 /mnt/xfs || bad "mount xfs"
}

if [ "$round" -eq 1 ]; then
	for n in 0 2; do
		quiet ndctl create-namespace -f -e namespace$n.0 -m fsdax --map=mem || bad "namespace $n"
	done
	quiet mkfs.ext4 -q -F -b 4096 -E stride=512,stripe_width=512 /dev/pmem0 || bad mkfs ext4
	quiet mkfs.xfs -q -f -m reflink=1,rmapbt=1 -d su=2m,sw=1 /dev/pmem2 || bad mkfs xfs
	mount_both
	quiet xfs_io -c "extsize 2m" /mnt/xfs
	sync
else
	for n in 0 2; do
		i=0
		until [ -b /dev/pmem$n ] || [ $i -eq 50 ]; do
			usleep 100000
			i=$((i + 1))
		done
	done
	mount_both
fi

for word; do
	name=${word%%=*} promised=${word#*=}
	# Round and seed of the file are those of the round before.
	out=$(/tests/powercut verify "/mnt/${name%%-*}/${name#*-}" "${name#*-}" \
		"${promised%%,*}" "$name" "${promised#*,}" 2>&1) || bad "verify $name"
	note "powercut: $out"
done
if [ "$check" = 1 ]; then
	quiet umount /mnt/ext4 || bad "umount ext4"
	quiet umount /mnt/xfs || bad "umount xfs"
	if quiet e2fsck -fn /dev/pmem0; then note "powercut: clean ext4"; else bad "fsck ext4"; fi
	if quiet xfs_repair -n /dev/pmem2; then note "powercut: clean xfs"; else bad "fsck xfs"; fi
	mount_both
fi
if [ "$seed" = 0 ]; then
	quiet umount /mnt/ext4 || bad "umount ext4"
	quiet umount /mnt/xfs || bad "umount xfs"
	quiet ndctl disable-namespace all || bad "pages in use at the end"
	note "powercut: end"
	exit
fi

for fs in ext4 xfs; do
	for kind in sync fsync; do
		rm -f /mnt/$fs/$kind
		/tests/powercut run /mnt/$fs/$kind $kind "$seed" $fs-$kind 2>/dev/kmsg &
	done
done
# The host waits for the first promise of each, and cuts.
sleep 100
bad "the power was not cut"
