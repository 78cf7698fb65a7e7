#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: stress.sh -l | -r NAME
#
# In the guest: MINUTES of load on the DAX file systems, from SEED. Takes the
# options of a kselftest_harness.h program and answers like one; what the programs
# printed stands before the result, as comments. LAB_MODE=base leaves out what
# the base is known not to survive.

# shellcheck source=lib.sh
. /lab/lib.sh
seed=${SEED:-1} seconds=$((${MINUTES:-2} * 60)) mode=${LAB_MODE:-patched}
out=/tmp/stress.out

if [ "$1" = -l ]; then
	echo '# FIXTURE VARIANT TEST' >&2
	printf '%s %s\n' load mix >&2
	printf '%45s%s\n' '' devices '' fio '' stress_ng >&2
	exit 4
fi
echo "TAP version 13"
echo "1..1"
name=$2
: >$out

progress() {
	echo "lab: progress $*" >/dev/kmsg
}

result() {
	sed 's/^/# /' $out
	echo "$1 1 $name"
	[ "$1" = ok ]
	exit
}

uptime_s() {
	read -r up _ </proc/uptime
	echo "${up%.*}"
}

# left SECONDS: does the part of the time that was given to a test go on?
start=$(uptime_s)
left() {
	[ $(($(uptime_s) - start)) -lt "$1" ]
}

# run CMD...: its output is kept; a line of progress each minute.
run() {
	echo "+ $*" >>$out
	"$@" >>$out 2>&1 &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		sleep 1
		now=$(uptime_s)
		[ $(((now - start) % 60)) -ne 0 ] || progress "$name: $((now - start)) s"
	done
	wait $pid
}

# Pages that files share cannot be pinned on the base: GUP does not come back.
nopin=
[ "$mode" != base ] || nopin=-x

mix() {
	# shellcheck disable=SC2086 # an option or nothing
	run /tests/dax_fsx -s "$seed" -t $((seconds / 2)) -w 3 -m 2 -d /dev/nvme0n1 $nopin \
		/mnt/ext4 /mnt/xfs /mnt/xfs-part
}

# NVDIMM 1 goes and comes: file systems, unbound while in use, memory that is
# added to the system's and taken back.
devices() {
	n=0 kmem=0
	while left $((seconds / 6)); do
		n=$((n + 1))
		for fs in ext4 xfs xfs-rmapbt; do
			fsdax $fs || { echo "no $fs in round $n" >>$out; return 1; }
			owner=$(basename "$(readlink /sys/class/block/pmem1/device)")
			# shellcheck disable=SC2086
			/tests/dax_fsx -s "$seed$n" -t 4 -w 0 -m 2 $nopin /tmp/fsdax >>$out 2>&1 &
			pid=$!
			sleep 2
			if [ "$mode" = base ]; then
				# Struct pages that are mapped vanish there.
				wait $pid || return 1
				umount /tmp/fsdax || return 1
				echo "$owner" >/sys/bus/nd/drivers/nd_pmem/unbind || return 1
			else
				echo "$owner" >/sys/bus/nd/drivers/nd_pmem/unbind || return 1
				wait $pid || return 1
				umount /tmp/fsdax || return 1
			fi
			echo "$owner" >/sys/bus/nd/drivers/nd_pmem/bind || return 1
		done
		devdax 2M || return 1
		quiet daxctl reconfigure-device -m system-ram dax1.0 || return 1
		dd if=/dev/zero of=/tmp/fill bs=1M count=200 2>/dev/null
		rm /tmp/fill
		if quiet daxctl offline-memory dax1.0 || quiet daxctl offline-memory dax1.0; then
			quiet daxctl reconfigure-device -m devdax dax1.0 || return 1
			kmem=$((kmem + 1))
		else
			echo "round $n: the memory cannot be taken offline" >>$out
			return 1
		fi
		progress "$name: round $n"
	done
	echo "$n rounds of file systems, $kmem of system memory" >>$out
	[ $n -gt 0 ]
}

fio_one() {
	dir=$1 engine=$2
	shift 2
	mkdir -p "$dir/fio"
	run fio --name="$engine" --directory="$dir/fio" --ioengine="$engine" --rw=randrw --bs=4k --size=24m \
		--numjobs=2 --thread --verify=crc32c --verify_fatal=1 --verify_backlog=512 \
		--randseed="$seed" --time_based --runtime=$((seconds / 24)) --group_reporting \
		--minimal "$@" || return 1
	rm -rf "$dir/fio"
}

fio_all() {
	for mount in /mnt/ext4 /mnt/xfs; do
		fio_one $mount mmap && fio_one $mount libpmem --direct=1 --sync=1 || return 1
	done
}

# The stressors that work on memory, with their files on DAX. As root that of
# madvise() poisons pages, and dies of it.
stress_ng() {
	each=$((seconds / 6 / 2 / 14))
	[ $each -gt 0 ] || each=1
	for dir in /mnt/ext4/stress /mnt/xfs/stress; do
		mkdir -p $dir && chmod 1777 $dir || return 1
		for class in madvise mincore mlock mmap mmapaddr mmapfork mmapmany mprotect \
			mremap msync munmap vm-rw vm-splice fork; do
			opts='' user=0
			case $class in
			madvise) user=65534 ;;
			mmap) opts="--mmap-file --mmap-bytes 32M" ;;
			mremap) opts="--mremap-bytes 16M" ;;
			msync) opts="--msync-bytes 8M" ;;
			vm-splice) opts="--vm-splice-bytes 4M" ;;
			esac
			# shellcheck disable=SC2086 # options are words
			run /usr/bin/setpriv --reuid $user --regid $user --clear-groups stress-ng \
				--seed "$seed" --temp-path $dir --timeout $each --$class 2 $opts || {
				echo "stress-ng $class on $dir: failed" >>$out
				return 1
			}
		done
	done
}

case $name in
load.mix) mix ;;
load.devices) devices ;;
load.fio) fio_all ;;
load.stress_ng) stress_ng ;;
*) false ;;
esac || result "not ok"
result ok
