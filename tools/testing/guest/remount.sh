#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: remount.sh -l | -r NAME DIR
#
# In the guest: what was written through a DAX mapping is there after unmount,
# remount and read(). Takes the options of a kselftest_harness.h program and
# answers like one. DIR is a mount point that nobody uses.

# shellcheck source=lib.sh
. /lab/lib.sh

if [ "$1" = -l ]; then
	printf '# FIXTURE VARIANT TEST\nremount mapped_write\n' >&2
	exit 4
fi
name=$2 dir=$3

result() {
	echo "$1 1 $name"
	[ "$1" = ok ]
	exit
}

check() {
	"$@" >/tmp/remount.out 2>&1 && return
	echo "failed: $*"
	cat /tmp/remount.out
	result "not ok"
}

echo "TAP version 13"
echo "1..1"
read -r dev _ fs _ <<E
$(grep " $dir " /proc/mounts)
E
[ -n "$fs" ] || { echo "# $dir is not a mount point"; result "not ok"; }

# The writes through the mapping: a 2 MiB piece and one over a page's edge; the
# same bytes with write() in a file of tmpfs.
file=$dir/remount want=/tmp/remount
rm -f "$file" "$want"
check xfs_io -f -c "pwrite -q -S 0x11 0 4m" -c fsync -c "mmap -rw 0 4m" \
	-c "mwrite -S 0xa5 2m 2m" -c "mwrite -S 0x5a 4000 200" "$file"
check xfs_io -f -c "pwrite -q -S 0x11 0 4m" \
	-c "pwrite -q -S 0xa5 2m 2m" -c "pwrite -q -S 0x5a 4000 200" "$want"
check umount "$dir"
check mount_dax "$fs" "$dev" "$dir"
check cmp "$file" "$want"
check rm "$file" "$want"
result ok
