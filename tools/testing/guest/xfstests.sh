#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: xfstests.sh -l | -r NAME | --clean
#
# In the guest: runs one test of xfstests, FS.DIR.NUMBER, in the root image, on
# TEST and SCRATCH devices that are mounted -o dax=always; takes the options of
# a kselftest_harness.h program and answers like one. The tests are those that
# the host handed in. What a test left in its results goes to the host.
# --clean ends what a test that was killed left behind.
#
# A check needs seconds to begin, so one is given this test and all that follow,
# and waits before each until it is asked for: it calls logger, which is ours.

# shellcheck source=lib.sh
. /lab/lib.sh
results=/tmp/results cg=/sys/fs/cgroup/xfstests gate=/userland/run/gate
limit=$(test_limit)
read -r began _ </proc/uptime

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

# stop_check: with all that it began.
stop_check() {
	[ -d $cg/check ] || return 0
	echo 1 >$cg/cgroup.kill
	while grep -q . $cg/cgroup.procs $cg/check/cgroup.procs; do usleep 10000; done
	rm -f /tmp/gate
}

# await: until check is before a test, $next, or at its end. Fails if the limit
# comes first.
await() {
	next=
	read -r now _ </proc/uptime
	# shellcheck disable=SC3045 # busybox has it
	if read -r -t $((limit + ${began%.*} - ${now%.*})) check logger next <&5; then
		echo "$check $logger $next" >/tmp/gate
	else
		stop_check
		return 1
	fi
}

# start_check: before $test.
start_check() {
	: >/tmp/check.log
	stop_check
	clean && fresh "$fs" || return 1
	rm -rf "/userland$results"
	mkdir -p $cg/check "/userland$results" /userland/usr/local/sbin
	cat >/userland/usr/local/sbin/logger <<-'EOF'
		#!/bin/sh
		echo "$PPID $$ ${1##* }" >/run/gate.at
		read -r _ </run/gate.go
	EOF
	chmod +x /userland/usr/local/sbin/logger
	# The other cgroup is for what tells that check has ended.
	# udevadm does nothing in a chroot unless told to.
	(
		echo 0 >$cg/cgroup.procs
		# shellcheck disable=SC2016,SC2046 # for the inner shell; words are wanted
		in_userland SYSTEMD_IGNORE_CHROOT=1 \
			FSTYP="${fs%-*}" TEST_DEV=/dev/pmem0 TEST_DIR=/mnt/test SCRATCH_DEV=/dev/pmem1 SCRATCH_MNT=/mnt/scratch \
			LOGWRITES_DEV=/dev/pmem2 MKFS_OPTIONS="$(mkfs_options "$fs")" MOUNT_OPTIONS="-o dax=always" \
			TEST_FS_MOUNT_OPTS="-o dax=always" RESULT_BASE=$results \
			bash -c 'echo 0 >"$0" && cd /suite && exec ./check --exact-order "$@"' $cg/check/cgroup.procs \
			$(sed -n "/^$name\$/,\$s/^$fs\.\(.*\)\.\(.*\)/\1\/\2/p" /sys/firmware/qemu_fw_cfg/by_name/opt/lab.input/raw)
		echo "0 0 end" >$gate.at
	) >>/tmp/check.log 2>&1 &
	await
}

# left_behind: what still runs after a test, by name; it is killed.
left_behind() {
	while read -r pid; do
		case $pid in "$check" | "$logger") continue ;; esac
		cat "/proc/$pid/comm"
		kill -KILL "$pid"
	done <$cg/check/cgroup.procs 2>/dev/null
}

case $1 in
--clean) stop_check; clean; exit ;;
-l) list_input ;;
esac
name=$2
fs=${name%%.*}
test=${name#*.}
test=${test%.*}/${test##*.}
found=/userland$results/$test

echo "TAP version 13"
echo "1..1"
[ -p $gate.at ] || mkfifo $gate.at $gate.go
# Both ways, so that neither end waits for the other to be opened.
exec 5<>$gate.at 6<>$gate.go
next=
[ ! -f /tmp/gate ] || read -r check logger next </tmp/gate
{ [ "$next" = "$test" ] && clean; } || start_check
if [ "$next" != "$test" ]; then
	sed 's/^/# /' /tmp/check.log
	echo "# no clean state before the test, or check does not know it"
	echo "not ok 1 $name"
	exit 1
fi
status=0
: >/tmp/check.log
rm /tmp/gate
echo >&6
await || status=137
left=$(left_behind)

# The last line is the name of the next test.
{
	printf %s "$test"
	case $next in '' | end) cat /tmp/check.log ;; *) sed '$d' /tmp/check.log ;; esac
} >/tmp/check.out
sed 's/^/# /' /tmp/check.out
send "$name" /tmp/check.out "$found.out.bad" "$found.full" "$found.notrun" "$found.dmesg"
[ -z "$left" ] || echo "# left behind: $left"
if [ $status -eq 0 ] && [ -z "$left" ]; then
	if [ -s "$found.notrun" ]; then
		echo "ok 1 $name # SKIP $(head -n 1 "$found.notrun")"
		exit 4
	elif head -n 1 /tmp/check.out | grep -Eqx "$test +[0-9]+s"; then
		rm -f "$found".*
		echo "ok 1 $name"
		exit 0
	fi
	status=1
fi
not_ok "$name" $status
