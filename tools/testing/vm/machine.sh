# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The emulated machine: QEMU's version, the accelerator, the command line.
# Sourced by run.sh, which sets $here.
# shellcheck disable=SC2034,SC2154 # the two share their variables

QEMU=${QEMU:-qemu-system-x86_64}

cannot() {
	(fail "$@") || exit 4
}

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
# The answer holds until the machine boots again.
accelerator() {
	local cache=$O/vm/accel kvm=${KVM_DEVICE:-/dev/kvm} boot_id banner
	boot_id=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)
	accel=${ACCEL:-}
	[[ -z $accel ]] || return 0
	accel=tcg
	[[ -r $kvm && -w $kvm ]] || return 0
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

# backing DIR: fresh sparse files for three NVDIMMs and the NVMe disk; $labels is
# the size of NVDIMM 0 in GiB if it has a label area of 2 MiB on top.
backing() {
	mkdir -p "$1"
	truncate -s "${labels:-4}G" "$1/nvdimm0" || cannot_back "$1"
	[[ -z ${labels:-} ]] || truncate -s +2M "$1/nvdimm0" || cannot_back "$1"
	truncate -s 4G "$1/nvdimm1" || cannot_back "$1"
	truncate -s 2G "$1/nvdimm2" || cannot_back "$1"
	truncate -s 64M "$1/nvme" || cannot_back "$1"
}

# qemu_line KERNEL INITRD SCRATCH RESULTS APPEND SHELL: sets the array $line; the
# arrays $disks and $input may name more.
qemu_line() {
	local append khz
	append="console=ttyS0,115200 ignore_loglevel printk.devkmsg=on panic=-1"
	append+=" norandmaps watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
	append+=" sysctl.kernel.hung_task_timeout_secs=60"
	line=("$QEMU" -machine "q35,nvdimm=on")
	if [[ $accel == kvm ]]; then
		line+=(-accel kvm -cpu host)
	else
		# Without erms and fsrm the kernel copies in ways that TCG does faster.
		line+=(-accel "tcg,thread=multi,tb-size=512"
			-cpu "max,-erms,-fsrm,-smap,-smep,-la57,-pku")
		# On a loaded machine the test of the timer fails, and that is a panic.
		append+=" tsc=reliable clocksource=tsc no_timer_check"
		khz=$(tsc_khz)
		[[ -z $khz ]] || append+=" tsc_early_khz=$khz"
	fi
	line+=(-smp 2 -m "${memory:-2G},slots=4,maxmem=64G" -nodefaults -no-reboot
		-object "memory-backend-file,id=mem0,share=on,mem-path=$3/nvdimm0,size=$((${labels:-4} * 1024 + (${labels:+2} + 0)))M"
		-device "nvdimm,id=nvdimm0,memdev=mem0${labels:+,label-size=2M}"
		-object "memory-backend-file,id=mem1,share=on,mem-path=$3/nvdimm1,size=4G,align=1G"
		-device "nvdimm,id=nvdimm1,memdev=mem1"
		-object "memory-backend-file,id=mem2,share=on,mem-path=$3/nvdimm2,size=2G"
		-device "nvdimm,id=nvdimm2,memdev=mem2"
		-drive "if=none,id=nvme,file=$3/nvme,format=raw"
		-device "nvme,drive=nvme,serial=lab,cmb_size_mb=64"
		-device virtio-serial -chardev "file,id=ktap,path=$4/ktap.raw"
		-device "virtserialport,chardev=ktap,name=lab.ktap"
		-chardev "file,id=files,path=$4/files.tar"
		-device "virtserialport,chardev=files,name=lab.files"
		-device "isa-debug-exit,iobase=0xf4,iosize=0x01"
		-display none
		-kernel "$1" -initrd "$2" -append "$append $5")
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
