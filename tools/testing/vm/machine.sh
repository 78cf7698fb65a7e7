# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The emulated machine of ARCH: QEMU's version, the accelerator, the command line.
# Sourced by run.sh, which sets $here.
# shellcheck disable=SC2034,SC2154 # the two share their variables

cannot() {
	(fail "$@") || exit 4
}

# What QEMU boots, below the object directory, and its exit status after a run
# that came to its end: only x86 has a device that lets the guest choose it.
good=0 model=virt
case $ARCH in
x86_64) QEMU=${QEMU:-qemu-system-x86_64} model=q35 image=arch/x86/boot/bzImage good=33 ;;
arm64) QEMU=${QEMU:-qemu-system-aarch64} image=arch/arm64/boot/Image ;;
powerpc) QEMU=${QEMU:-qemu-system-ppc64} model=pseries image=vmlinux ;;
riscv) QEMU=${QEMU:-qemu-system-riscv64} image=arch/riscv/boot/Image ;;
*) cannot "no machine for ARCH=$ARCH" "x86_64, arm64, powerpc and riscv are booted" "name one of them" ;;
esac
# NVDIMM 0, 1 and 2 in GiB. QEMU does not always tell of them in this order.
pmem_sizes=(4 4 2)
[[ $ARCH != x86_64 ]] || pmem_sizes=(4 4 4)

# Sets $qemu_says; QEMU 7.0 is the first that boots this machine reliably.
qemu_version() {
	command -v "$QEMU" >/dev/null ||
		cannot "no $QEMU on this machine" "the guest runs in QEMU" \
			"make deps, or name the binary with QEMU="
	qemu_says=$("$QEMU" --version 2>/dev/null | sed -n '1s/.*version \([0-9][0-9.]*\).*/QEMU \1/p') || true
	local major=${qemu_says#QEMU }
	major=${major%%.*}
	[[ $major =~ ^[0-9]+$ ]] ||
		cannot "$QEMU does not say its version" "expected 'QEMU emulator version N.N'" \
			"name a working one with QEMU="
	[[ $major -ge 7 ]] ||
		cannot "$qemu_says is too old" "7.0 or newer is needed" "name a newer one with QEMU="
}

# accelerator KERNEL: sets $accel. /dev/kvm may open and still run nothing, so
# KVM counts only after this kernel printed its banner under it within 5 s.
# The answer holds until this machine boots again, or $O/vm/accel is removed.
accelerator() {
	local cache=$O/vm/accel kvm=${KVM_DEVICE:-/dev/kvm} boot_id banner
	boot_id=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)
	accel=${ACCEL:-}
	[[ $accel =~ ^(|tcg|kvm)$ ]] ||
		fail "no accelerator ACCEL=$accel" "it is tcg or kvm" "leave it out: KVM is used where a kernel boots under it"
	[[ -z $accel ]] || return 0
	accel=tcg
	[[ $ARCH == x86_64 && -r $kvm && -w $kvm ]] || return 0
	if [[ -f $cache && $(<"$cache") == "$boot_id $QEMU "* ]]; then
		accel=$(<"$cache")
		accel=${accel##* }
		return 0
	fi
	[[ $DRY != 1 ]] || return 0
	mkdir -p "$O/vm"
	say PROBE "does a kernel boot under KVM (5 s at most)"
	banner=$(timeout -k 1 5 "$QEMU" -machine q35 -accel kvm -cpu host -m 512M -nodefaults \
		-display none -no-reboot -serial stdio -kernel "$1" \
		-append "earlyprintk=serial console=ttyS0 panic=-1" </dev/null 2>/dev/null) || true
	[[ $banner != *"Linux version"* ]] || accel=kvm
	echo "$boot_id $QEMU $accel" >"$cache"
}

# The frequency of this machine's TSC in kHz, which TCG hands to the guest
# unchanged; nothing if it cannot be told. On a loaded machine a guest
# calibrates itself up to 8x wrong and then all its timeouts are wrong.
tsc_khz() {
	local tool=$O/vm/tsc-khz
	mkdir -p "$O/vm"
	if [[ ! -x $tool || $here/tsc-khz.c -nt $tool ]]; then
		"${HOSTCC:-gcc}" -O2 -o "$tool" "$here/tsc-khz.c" 2>/dev/null || return 0
	fi
	"$tool" || true
}

cannot_back() {
	fail "no backing files in $1" "truncate failed, see above" "look at df $1, or set O="
}

# nvdimms: their numbers. $labels is for the machine of ndctl's tests (x86): the
# size in GiB of its only NVDIMM, which has a label area. A second node is for the
# devices that cxl_test puts there, and there is no NVMe disk, as they hibernate: 6.12
# thaws its queues in another task than it froze them, and lockdep complains.
nvdimms() {
	[[ -n ${labels:-} ]] && echo 0 || echo 0 1 2
}

# backing DIR: fresh sparse files for the NVDIMMs and the NVMe disk. An NVDIMM
# with a label area, which pseries wants, has 2 MiB on top. Machines with device
# trees have NVDIMMs in their memory.
backing() {
	local n
	mkdir -p "$1"
	truncate -s 64M "$1/nvme" || cannot_back "$1"
	case $ARCH in
	x86_64 | powerpc)
		for n in $(nvdimms); do
			truncate -s "$(nvdimm_size "$n")" "$1/nvdimm$n" || cannot_back "$1"
		done
		;;
	*) device_tree "$1/dtb" ;;
	esac
	[[ $ARCH-$accel != powerpc-tcg ]] || "$here/powerpc-tcg.pl" "$kernel" "$1/vmlinux" >"$1/tcg" ||
		fail "$kernel cannot be made fit for TCG" "see above" "make build ARCH=powerpc"
}

# nvdimm_size N: that of its file.
nvdimm_size() {
	local gib=${pmem_sizes[$1]} label=0
	[[ $ARCH != powerpc ]] || label=2
	[[ $1 != 0 || -z ${labels:-} ]] || gib=$labels label=2
	echo "$((gib * 1024 + label))M"
}

# nvdimm_addr N: all but the first are 512 MiB off a multiple of 1 GiB. Device-dax
# can have that alignment there, but struct pages from the first byte on have not.
nvdimm_addr() {
	[[ $ARCH != x86_64 || $1 == 0 ]] || printf ",addr=%#x" $((($1 * 8 + 32) << 30 | 512 << 20))
}

# device_tree FILE: that of the machine, and NVDIMMs behind the memory that the
# kernel is told of by mem=. A new node becomes the first, so the last one first.
device_tree() {
	local n at size end=$(((ram_start >> 30) + total_gib))
	for n in dtc fdtput; do
		command -v "$n" >/dev/null || cannot "no $n on this machine" "the machine's device tree is made with it" "make deps ARCH=$ARCH"
	done
	"${machine[@]}" -machine "dumpdtb=$1" >/dev/null 2>&1 || rm -f "$1"
	[[ -s $1 ]] ||
		cannot "$QEMU has no device tree for the guest" "-machine dumpdtb= failed" "${machine[*]} -machine dumpdtb=/tmp/dtb"
	for n in 2 1 0; do
		size=${pmem_sizes[n]} end=$((end - pmem_sizes[n]))
		at=$((end << 30)) size=$((size << 30))
		printf -v name /pmem@%x "$at"
		fdtput -c "$1" "$name"
		fdtput -t s "$1" "$name" compatible pmem-region
		fdtput "$1" "$name" reg $((at >> 32)) $((at & 0xffffffff)) $((size >> 32)) $((size & 0xffffffff))
	done
}

# qemu_line KERNEL INITRD SCRATCH RESULTS APPEND SHELL: sets the array $line; the
# arrays $disks and $input may name more. $machine is its part that makes the
# device tree.
qemu_line() {
	local append khz gib=${memory:-2G} n boot=$1
	gib=${gib%G}
	append="ignore_loglevel printk.devkmsg=on panic=-1"
	append+=" norandmaps watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
	append+=" sysctl.kernel.hung_task_timeout_secs=60"
	machine=("$QEMU")
	case $ARCH in
	x86_64) x86_machine ;;
	powerpc)
		append+=" console=hvc0"
		[[ $accel != tcg ]] || boot=$3/vmlinux
		# TCG has none of the mitigations.
		machine+=(-machine "$model,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off" -cpu POWER9
			-m "${gib}G,slots=4,maxmem=32G")
		;;
	*)
		# QEMU of Debian 12 has no NVDIMMs here without firmware and ACPI.
		total_gib=$((gib + pmem_sizes[0] + pmem_sizes[1] + pmem_sizes[2]))
		append+=" mem=${gib}G"
		machine+=(-m "${total_gib}G")
		if [[ $ARCH == arm64 ]]; then
			ram_start=0x40000000
			append+=" console=ttyAMA0 earlycon"
			# The real algorithm of pointer authentication is half of TCG's time.
			machine+=(-machine "$model" -cpu "max,pauth-impdef=on")
		else
			ram_start=0x80000000
			# QEMU before 8.2 names the extensions in one string only.
			append+=" console=ttyS0 earlycon riscv_isa_fallback"
			machine+=(-machine "$model" -cpu rv64)
		fi
		;;
	esac
	[[ $ARCH == x86_64 ]] || machine+=(-accel "$accel")
	# A socket for each of two nodes.
	machine+=(-smp "${cpus:-2}${labels:+,sockets=2}" -nodefaults -no-reboot -display none)
	line=("${machine[@]}")
	if [[ $ARCH == x86_64 || $ARCH == powerpc ]]; then
		for n in $(nvdimms); do
			line+=(-object "memory-backend-file,id=mem$n,share=on,mem-path=$3/nvdimm$n,size=$(nvdimm_size "$n")"
				-device "nvdimm,id=nvdimm$n,memdev=mem$n$(nvdimm_label "$n")$(nvdimm_addr "$n")")
		done
	else
		line+=(-dtb "$3/dtb")
	fi
	if [[ -n ${labels:-} ]]; then
		line+=(-object "memory-backend-ram,id=ram,size=${memory:-2G}"
			-numa "node,nodeid=0,cpus=0,memdev=ram" -numa "node,nodeid=1,cpus=1")
	else
		line+=(-drive "if=none,id=nvme,file=$3/nvme,format=raw"
			-device "nvme,drive=nvme,serial=lab,cmb_size_mb=64")
	fi
	line+=(-device virtio-serial-pci -chardev "file,id=ktap,path=$4/ktap.raw"
		-device "virtserialport,chardev=ktap,name=lab.ktap"
		-chardev "file,id=files,path=$4/files.tar"
		-device "virtserialport,chardev=files,name=lab.files"
		-kernel "$boot" -initrd "$2" -append "$append $5")
	local disk
	for disk in "${disks[@]}"; do
		line+=(-drive "if=virtio,file=$disk,format=raw,readonly=on")
	done
	[[ -z $input ]] || line+=(-fw_cfg "name=opt/lab.input,file=$input")
	if [[ -n $6 ]]; then
		line+=(-chardev "stdio,id=con,mux=on,signal=off,logfile=$4/serial.log"
			-serial chardev:con -mon chardev=con)
	else
		line+=(-serial "file:$4/serial.log")
	fi
	[[ -z ${GDB:-} ]] || line+=(-s -S)
}

# nvdimm_label N: what its device says of labels.
nvdimm_label() {
	if [[ $ARCH == powerpc ]]; then
		echo ",label-size=2M,uuid=72511b67-0b3b-42fd-8d1d-5be3cae8bca$1"
	elif [[ $1 == 0 && -n ${labels:-} ]]; then
		echo ",label-size=2M"
	fi
}

# x86_machine: its part of $machine and $append.
x86_machine() {
	append+=" console=ttyS0,115200"
	machine+=(-machine "$model,nvdimm=on" -m "${memory:-2G},slots=4,maxmem=64G" -device "isa-debug-exit,iobase=0xf4,iosize=0x01")
	if [[ $accel == kvm ]]; then
		machine+=(-accel kvm -cpu host)
		return
	fi
	# Without erms and fsrm the kernel copies in ways that TCG does faster.
	machine+=(-accel "tcg,thread=multi,tb-size=512"
		-cpu "max,-erms,-fsrm,-smap,-smep,-la57,-pku")
	# On a loaded machine the test of the timer fails, and that is a panic.
	append+=" tsc=reliable clocksource=tsc no_timer_check"
	khz=$(tsc_khz)
	[[ -z $khz ]] || append+=" tsc_early_khz=$khz"
}
