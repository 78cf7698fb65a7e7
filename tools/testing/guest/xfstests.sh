#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: xfstests.sh -l | -r NAME | --clean
#
# In the guest: runs one test of xfstests, FS.DIR.NUMBER, in the root image, on
# TEST and SCRATCH devices that are mounted -o dax=always; takes the options of
# a kselftest_harness.h program and answers like one. The tests are those that
# the host handed in. What a test left in its results goes to the host.
# --clean ends what a test that was killed left behind.

# shellcheck source=lib.sh
. /lab/lib.sh
results=/tmp/results

clean() {
	# What is stacked comes down in the order of its devices.
	for _ in 1 2 3; do
		awk '$2 ~ "^/userland/(mnt|tmp)/." { print $2 }' /proc/mounts | sort -r >/tmp/mounted
		while read -r dir; do
			umount "$dir" 2>/dev/null
		done </tmp/mounted
		chroot /userland dmsetup remove_all --force >/dev/null 2>&1
		# The path: busybox would take its own, which has no -D.
		chroot /userland /sbin/losetup -D 2>/dev/null
		grep -q "^/dev/\(pmem\|mapper\|loop\)" /proc/mounts || return 0
		sleep 2
	done
	note "still mounted: $(grep "^/dev/\(pmem\|mapper\|loop\)" /proc/mounts)"
	return 1
}

mkfs_options() {
	case $1 in
	ext4) echo "-b 4096" ;;
	xfs) echo "-m reflink=0,rmapbt=0" ;;
	xfs-reflink) echo "-m reflink=1,rmapbt=0" ;;
	xfs-rmapbt) echo "-m reflink=1,rmapbt=1 -d su=2m,sw=1" ;;
	*) note "no file system $1"; return 1 ;;
	esac
}

# fresh FS: TEST as a new file system, and really DAX.
fresh() {
	[ "$(cat /tmp/xfstests.fs 2>/dev/null)" != "$1" ] || return 0
	case $1 in ext4) force=-F ;; *) force=-f ;; esac
	# shellcheck disable=SC2046
	quiet chroot /userland mkfs -t "${1%-*}" -q $force $(mkfs_options "$1") /dev/pmem0 &&
		mount_dax "${1%-*}" /dev/pmem0 /userland/mnt/test &&
		quiet umount /userland/mnt/test &&
		echo "$1" >/tmp/xfstests.fs
}

case $1 in
--clean) clean; exit ;;
-l) list_input ;;
esac
name=$2
fs=${name%%.*}
test=${name#*.}
test=${test%.*}/${test##*.}

echo "TAP version 13"
echo "1..1"
if ! clean || ! fresh "$fs"; then
	echo "# no clean state before the test"
	echo "not ok 1 $name"
	exit 1
fi
rm -rf "/userland$results"
mkdir -p "/userland$results"

status=0
# udevadm does nothing in a chroot unless told to.
# shellcheck disable=SC2016 # for the inner shell
in_userland SYSTEMD_IGNORE_CHROOT=1 \
	FSTYP="${fs%-*}" TEST_DEV=/dev/pmem0 TEST_DIR=/mnt/test SCRATCH_DEV=/dev/pmem1 SCRATCH_MNT=/mnt/scratch \
	LOGWRITES_DEV=/dev/pmem2 MKFS_OPTIONS="$(mkfs_options "$fs")" MOUNT_OPTIONS="-o dax=always" \
	TEST_FS_MOUNT_OPTS="-o dax=always" RESULT_BASE=$results \
	bash -c 'cd /suite && exec ./check "$0"' "$test" >/tmp/check.out 2>&1 || status=$?
sed 's/^/# /' /tmp/check.out

found=/userland$results/$test
send "$name" /tmp/check.out "$found.out.bad" "$found.full" "$found.notrun" "$found.dmesg"
if [ -s "$found.notrun" ]; then
	echo "ok 1 $name # SKIP $(head -n 1 "$found.notrun")"
	exit 4
elif [ $status -eq 0 ] && grep -qx "Passed all 1 tests" /tmp/check.out; then
	echo "ok 1 $name"
	exit 0
fi
not_ok "$name" $status
