# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Used by the scripts in the guest; busybox ash. Sourced.

# note TEXT: a line for the runner, through the kernel's log so that it is in
# order with what the kernel says.
note() {
	echo "lab: $*" >/dev/kmsg
}

# quiet CMD...: what it printed goes to the log only if it failed.
quiet() {
	if "$@" >/tmp/quiet 2>&1; then
		return 0
	fi
	note "failed: $*"
	while read -r line; do
		note "  $line"
	done </tmp/quiet
	return 1
}

taint() {
	cat /proc/sys/kernel/tainted
}

# new_taint BEFORE AFTER: letters of the taints that came, except the ones
# an out-of-tree test module always brings (O, E, N).
new_taint() {
	bit=0
	for letter in P F S R M B U D A W C I O E L K X T N; do
		case $letter in
		O | E | N) ;;
		*)
			if [ $(($2 >> bit & 1)) -gt $(($1 >> bit & 1)) ]; then
				printf %s "$letter"
			fi
			;;
		esac
		bit=$((bit + 1))
	done
}

# page_size: in bytes.
page_size() {
	awk '/^KernelPageSize:/ { print $2 * 1024; exit }' /proc/self/smaps
}

# mount_dax FSTYPE DEVICE DIR: refused mounts fail, and so does a kernel that
# mounts but quietly leaves DAX out.
mount_dax() {
	mkdir -p "$3"
	quiet mount -t "$1" -o dax=always "$2" "$3" || return 1
	grep -q "^$2 $3 $1 .*dax=always" /proc/mounts && return 0
	note "$3 is mounted without dax=always: $(grep " $3 " /proc/mounts)"
	return 1
}

# Three file systems, all giving extents aligned to 2 MiB. NVDIMM 0 has two
# partitions, both on 2 MiB (4096 sectors). XFS refuses DAX with reflink on a
# partition, so the one with reflink has NVDIMM 2 for itself. DAX wants blocks of
# the size of a page.
make_filesystems() {
	page=$(page_size)
	half=$(($(cat /sys/block/pmem0/size) / 2 / 4096 * 4096))
	printf "label: dos\nstart=4096, size=%d\nstart=%d\n" \
		$((half - 4096)) "$half" >/tmp/table
	quiet sfdisk -q /dev/pmem0 </tmp/table &&
		quiet mkfs.ext4 -q -F -b "$page" -E "stride=$((2097152 / page)),stripe_width=$((2097152 / page))" /dev/pmem0p1 &&
		quiet mkfs.xfs -q -f -b "size=$page" -m reflink=0 -d su=2m,sw=1 /dev/pmem0p2 &&
		quiet mkfs.xfs -q -f -b "size=$page" -m reflink=1,rmapbt=1 -d su=2m,sw=1 /dev/pmem2 &&
		mount_dax ext4 /dev/pmem0p1 /mnt/ext4 &&
		mount_dax xfs /dev/pmem0p2 /mnt/xfs-part &&
		mount_dax xfs /dev/pmem2 /mnt/xfs &&
		quiet xfs_io -c "extsize 2m" /mnt/xfs-part &&
		quiet xfs_io -c "extsize 2m" /mnt/xfs
}

# no_align ALIGN: why NVDIMM 1 cannot have that alignment; nothing if it can. Its
# devices have other numbers after each change, and all know.
no_align() {
	bytes=$(echo "$1" | sed 's/K$/*1024/; s/M$/*1048576/; s/G$/*1073741824/')
	can=''
	for file in /sys/bus/nd/devices/dax1.*/supported_alignments /sys/bus/nd/devices/pfn1.*/supported_alignments; do
		[ ! -e "$file" ] || read -r can <"$file"
	done
	case " $can " in
	*" $((bytes)) "*) ;;
	*) echo "no device-dax of alignment $1, only of $can" ;;
	esac
}

# devdax ALIGN: NVDIMM 1 as one device-dax node of that alignment.
devdax() {
	quiet ndctl create-namespace -f -e namespace1.0 -m devdax --map=mem -a "$1" &&
		[ -c /dev/dax1.0 ]
}

# fsdax ext4|xfs|xfs-rmapbt: NVDIMM 1 as a new file system of its own, mounted
# on /tmp/fsdax.
fsdax() {
	! grep -q " /tmp/fsdax " /proc/mounts || quiet umount /tmp/fsdax || return 1
	quiet ndctl create-namespace -f -e namespace1.0 -m fsdax --map=mem || return 1
	page=$(page_size)
	case $1 in
	ext4) quiet mkfs.ext4 -q -F -b "$page" -E "stride=$((2097152 / page)),stripe_width=$((2097152 / page))" /dev/pmem1 ;;
	xfs) quiet mkfs.xfs -q -f -b "size=$page" -m reflink=1,rmapbt=0 -d su=2m,sw=1 /dev/pmem1 ;;
	xfs-rmapbt) quiet mkfs.xfs -q -f -b "size=$page" -m reflink=1,rmapbt=1 -d su=2m,sw=1 /dev/pmem1 ;;
	*) note "no file system $1" && false ;;
	esac && mount_dax "${1%-*}" /dev/pmem1 /tmp/fsdax || return 1
	[ "${1%-*}" != xfs ] || quiet xfs_io -c "extsize 2m" /tmp/fsdax
}

# The file that hands out pages of the NVMe controller's memory buffer.
p2pmem() {
	for file in /sys/bus/pci/devices/*/p2pmem/allocate; do
		[ -e "$file" ] && echo "$file" && return 0
	done
	return 1
}

# load_modules: the NVDIMM drivers where they are modules, in the order of
# their needs.
load_modules() {
	for module in libnvdimm nd_btt nd_pmem device_dax dax_pmem kmem nfit nd_e820; do
		[ -f /tests/$module.ko ] || continue
		quiet insmod /tests/$module.ko || return 1
	done
	waited=0
	until [ -e /sys/bus/nd/devices/namespace2.0 ] || [ $waited -eq 100 ]; do
		usleep 100000
		waited=$((waited + 1))
	done
}

# whole_regions: an NVDIMM with labels begins without a namespace; it gets one, as
# large as it is.
whole_regions() {
	for n in 0 1 2; do
		read -r size </sys/bus/nd/devices/namespace$n.0/size || return 1
		[ "$size" != 0 ] || quiet ndctl create-namespace -r region$n -m raw || return 1
	done
}

# root_image: the Debian userland of /dev/vda on /userland, writable until power
# off; the suite of /dev/vdb in its /suite.
root_image() {
	mkdir -p /image /suite /rw /userland &&
		quiet mount -t tmpfs tmpfs /rw &&
		mkdir -p /rw/userland /rw/userlandwork /rw/suite /rw/suitework &&
		quiet mount -t squashfs -o ro /dev/vda /image &&
		quiet mount -t squashfs -o ro /dev/vdb /suite &&
		quiet mount -t overlay -o lowerdir=/image,upperdir=/rw/userland,workdir=/rw/userlandwork overlay /userland &&
		quiet mount -t overlay -o lowerdir=/suite,upperdir=/rw/suite,workdir=/rw/suitework overlay /userland/suite &&
		quiet mount --rbind /dev /userland/dev &&
		mkdir -p /userland/dev/pts /userland/dev/shm &&
		quiet ln -sfn /proc/self/fd /userland/dev/fd &&
		quiet mount -t devpts devpts /userland/dev/pts &&
		quiet mount -t tmpfs tmpfs /userland/dev/shm &&
		quiet mount -t proc proc /userland/proc &&
		quiet mount --rbind /sys /userland/sys &&
		quiet mount -t tmpfs tmpfs /userland/run &&
		quiet mount -t tmpfs tmpfs /userland/tmp &&
		quiet mount --bind /lab /userland/lab &&
		hostname lab
}

# list_input: what the host handed in, GROUP.TEST a line, as a
# kselftest_harness.h program lists its tests.
list_input() {
	echo '# FIXTURE VARIANT TEST' >&2
	awk -F. '
		{ rest = substr($0, length($1) + 2) }
		$1 != group { if (group) print "# FIXTURE"; group = $1; print group, rest; next }
		{ printf "%45s%s\n", "", rest }' /sys/firmware/qemu_fw_cfg/by_name/opt/lab.input/raw >&2
	exit 4
}

# test_limit: seconds for a test, a little less than the runner's: files still
# have to go to the host.
test_limit() {
	echo $(($(sed -n 's/.*lab.timeout=\([0-9]*\).*/\1/p' /proc/cmdline) - 20))
}

# in_userland [NAME=VALUE...] CMD...: in the root image and with no environment
# of ours.
in_userland() {
	chroot /userland /usr/bin/env -i \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C "$@" </dev/null
}

# not_ok NAME STATUS: of a test that had test_limit seconds.
not_ok() {
	[ "$2" -ne 137 ] || echo "# not done after $(test_limit) s"
	echo "# exit status $2"
	echo "not ok 1 $1"
	exit 1
}

# send NAME FILE...: files to the host, into a directory of that name; of long
# ones the last MiB.
send() {
	for port in /sys/class/virtio-ports/*; do
		[ "$(cat "$port/name")" != lab.files ] || break
	done
	rm -rf /tmp/send
	mkdir -p "/tmp/send/$1"
	dir=$1
	shift
	for file; do
		[ ! -f "$file" ] || tail -c 1048576 "$file" >"/tmp/send/$dir/${file##*/}"
	done
	tar -c -C /tmp/send "$dir" >"/dev/${port##*/}"
}
