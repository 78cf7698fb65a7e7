#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: vm-run.sh
#
# Tests run.sh with a stand-in for QEMU that plays one role each: a good run,
# silence, a panic, a death. KTAP on stdout.

# shellcheck disable=SC2317 # check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
export O=$tmp/O CONFIG='' QEMU=$tmp/qemu ACCEL=tcg ROLE=good DRY='' V='' GDB='' ARCH=x86_64 CROSS_COMPILE=''

# The stand-in finds the logs in its arguments as QEMU would.
cat >"$QEMU" <<'EOS'
#!/usr/bin/env bash
[[ $1 != --version ]] || { echo "QEMU emulator version ${VERSION:-7.2.22 (Debian 1:7.2)}"; exit; }
for word; do
	case $word in
	file:*) serial=${word#file:} ;;
	file,id=ktap,path=*) ktap=${word#*path=} ;;
	file,id=files,path=*) files=${word#*path=} ;;
	name=opt/lab.input,*) echo "input ${word#*file=}" >>"$O/words" ;;
	if=virtio,*) echo "$word" >>"$O/words" ;;
	kvm) kvm=1 ;;
	dumpdtb=*) exit 1 ;;
	esac
done
echo $$ >>"$O/pids"
if [[ -n ${kvm:-} && -z ${serial:-} ]]; then
	[[ $ROLE != kvm-hangs ]] || exec sleep 1000
	[[ $ROLE != kvm-fails ]] || { echo "no KVM" >&2; exit 1; }
	echo "Linux version 6.12.117"
	exit
fi
line() { printf '[    1.000000] %s\r\n' "$*" >>"$serial"; }
line "Linux version 6.12.117"
[[ $ROLE != boot-silence ]] || exec sleep 1000
line "lab: init"
[[ $ROLE != setup-fails ]] || { line "lab: setup failed: no luck"; exit 35; }
line "lab: ready"
line "lab: begin a.b.c"
case $ROLE in
panic) line "Kernel panic - not syncing: made up"; line "after the panic"; exec sleep 1000 ;;
panic-exit) line "Oops: made up"; exit 0 ;;
silence) exec sleep 1000 ;;
killed) kill -KILL $$ ;;
babble) while :; do line "still here"; sleep 0.3; done ;;
esac
printf 'KTAP version 1\n  # elapsed 0.10\nok 1 a.b' >>"$ktap"
sleep 0.5
printf '.c\n' >>"$ktap"
line "lab: end a.b.c"
tar -c -C "$O" sent >"$files" && tar -c -C "$O" more >>"$files"
[[ $ROLE != cut ]] || truncate -s -15000 "$files"
[[ $ROLE != not-done ]] || exit 33
line "lab: done 1"
[[ $ROLE != teardown-hangs ]] || exec sleep 1000
[[ $ROLE != poweroff ]] || exit 0
[[ $ROLE != status ]] || exit 35
[[ $ROLE != failed ]] || { line "lab: failed"; exit 0; }
line "lab: down"
exit "${GOOD:-33}"
EOS
chmod +x "$QEMU"
mkdir -p "$O"/{sent,more}
echo one >"$O/sent/a"
head -c 20000 /dev/zero >"$O/more/b"
touch "$tmp/kernel" "$tmp/initrd"
run=("$vm/run.sh" --kernel "$tmp/kernel" --initrd "$tmp/initrd" --results "$tmp/r")

# role ROLE STATUS TEXT [OPTION...]: and nothing may be left behind.
role() {
	local want=$2 text=$3 pid
	: >"$O/pids"
	export ROLE=$1
	shift 3
	says "$want" "$text" "${run[@]}" "$@" || return 1
	while read -r pid; do
		! kill -0 "$pid" 2>/dev/null || { echo "process $pid is left"; return 1; }
	done <"$O/pids"
	if compgen -G "$O/vm/run.*" >/dev/null; then echo "backing files are left"; return 1; fi
}

# interrupted: Ctrl-C while the guest runs.
interrupted() {
	local pid
	: >"$O/pids"
	ROLE=babble "${run[@]}" &
	pid=$!
	for _ in {1..50}; do
		[[ ! -s $O/pids ]] || break
		sleep 0.1
	done
	kill -TERM "$pid"
	wait "$pid"
	[[ $? -eq 143 && -s $O/pids ]] || return 1
	! kill -0 "$(cat "$O/pids")" 2>/dev/null
}

# The machine's KVM is asked once.
remembered() {
	grep -q PROBE "$tmp/says" && role good 0 "accelerator tcg" && ! grep PROBE "$tmp/says"
}

echo "KTAP version 1"
check "a good run" role good 0 "OK      a.b.c  0.10 s"
check "serial log is kept" grep -q 'lab: down' "$tmp/r/serial.log"
check "panic" role panic 1 "the kernel died: [    1.000000] Kernel panic"
check "panic shows the trace" grep -q "after the panic" "$tmp/says"
check "oops and gone" role panic-exit 1 "the kernel died: [    1.000000] Oops: made up"
check "silence" role silence 1 "said nothing for 2 s (test)" --silence 2
check "silence while booting" role boot-silence 1 "said nothing for 2 s (boot)" --silence 2
check "boot limit" role boot-silence 1 "boot took more than 1 s" --boot-limit 1
check "plan limit" role babble 1 "test took more than 1 s" --plan-limit 1
check "shutdown limit" role teardown-hangs 1 "shutdown took more than 1 s" --shutdown-limit 1
check "QEMU killed" role killed 1 "QEMU was killed by signal 9"
check "no done line" role not-done 1 "ended before its done line"
check "powered off without a status" role poweroff 1 "exit status 0, expected 33"
check "guest reports failure" role status 1 "exit status 35, expected 33"
check "setup fails" role setup-fails 1 "setup failed: no luck"
check "Ctrl-C leaves nothing behind" interrupted
check "old QEMU" says 4 "QEMU 5.2.0 is too old" env VERSION=5.2.0 "${run[@]}"
check "QEMU 10 is not old" env VERSION=10.0.2 ROLE=good "${run[@]}"
check "QEMU without a version" says 4 "does not say its version" env QEMU=/bin/true "${run[@]}"
check "no QEMU" says 4 "no /nonexistent on this machine" env QEMU=/nonexistent "${run[@]}"
check "no kernel" says 1 "error: no $tmp/none" "${run[@]}" --kernel "$tmp/none"
check "files of the guest" cmp "$O/sent/a" "$tmp/r/files/sent/a"
check "each of its tars" cmp "$O/more/b" "$tmp/r/files/more/b"
check "the last one is not complete" role cut 0 "what the guest sent is not complete"
check "a disk and an input" role good 0 "OK      a.b.c" --disk "$tmp/kernel" --input "$tmp/initrd"
check "QEMU has them" grep -qx "input $tmp/initrd" "$O/words"
check "read-only" grep -q "$tmp/kernel.*readonly=on" "$O/words"
check "no such disk" says 1 "error: no $tmp/none" "${run[@]}" --disk "$tmp/none"
check "an NVDIMM with labels" says 0 "size=8194M" env DRY=1 "${run[@]}" --labels 8
check "unknown option" says 1 "unknown option --bogus" "${run[@]}" --bogus
mkdir -p "$tmp/old" && echo old >"$tmp/old/ktap.log"
check "test.sh, too" says 1 "unknown option --bogus" "$vm/test.sh" --results "$tmp/old" --bogus
check "results are there still" grep -q old "$tmp/old/ktap.log"
mkdir "$tmp/others"
echo mine >"$tmp/others/mine"
check "results where others have files" says 1 "has files that no run has left" "$vm/run.sh" "${run[@]:1}" --results "$tmp/others"
check "the files are there still" grep -q mine "$tmp/others/mine"
check "an unknown mode" says 1 "no mode pached" "${run[@]}" --mode pached
check "an unknown plan" says 1 "no plan pan" "${run[@]}" --plan pan
check "an unknown accelerator" says 1 "no accelerator ACCEL=KVM" env ACCEL=KVM "${run[@]}"
check "dry run shows the whole line" says 0 "cmb_size_mb=64" env DRY=1 "${run[@]}"

# Elsewhere than on x86 the exit status is that of powering off, and only the last
# line tells.
elsewhere() { ACCEL=kvm ARCH=powerpc role "$@"; }
GOOD=0 check "another architecture" elsewhere good 0 "OK      a.b.c"
check "its machine is written down" grep -q "pseries, kvm" "$tmp/r/machine"
check "powered off without the last line" elsewhere poweroff 1 "without its last line"
check "a last line of failure" elsewhere failed 1 "without its last line"
check "a status that only x86 has" elsewhere good 1 "exit status 33, expected 0"
check "its kernel panics" elsewhere panic-exit 1 "the kernel died: [    1.000000] Oops: made up"
check "an unknown architecture" says 4 "no machine for ARCH=sparc" env ARCH=sparc "${run[@]}"
check "no kernel of powerpc" says 1 "cannot be made fit for TCG" env ARCH=powerpc "${run[@]}"
# Only ARCH=arm64 and riscv need the real ones.
mkdir "$tmp/bin"
for name in dtc fdtput; do
	printf '#!/bin/sh\n' >"$tmp/bin/$name"
	chmod +x "$tmp/bin/$name"
done
check "no device tree" says 4 "has no device tree" env ARCH=arm64 PATH="$tmp/bin:$PATH" "${run[@]}"
dry_names() { says 0 obj-powerpc-4k/vmlinux env DRY=1 ACCEL=kvm ARCH=powerpc CONFIG=4k "$vm/run.sh" && grep -q initramfs-patched-powerpc-4k.cpio "$tmp/says"; }
check "names of their own" dry_names
check "dry run of a device tree" says 0 "mem=2G console=ttyS0" env DRY=1 ARCH=riscv "${run[@]}"

# A probe per case: the answer is remembered.
export ACCEL='' KVM_DEVICE=$tmp/kernel
check "KVM that hangs" role kvm-hangs 0 "accelerator tcg"
check "the answer is remembered" remembered
rm "$O/vm/accel"
check "KVM that fails" role kvm-fails 0 "accelerator tcg"
rm "$O/vm/accel"
check "KVM that boots" role kvm-boots 0 "accelerator kvm"
check "ACCEL overrides" says 0 "accelerator tcg" env ACCEL=tcg ROLE=good "${run[@]}"
export KVM_DEVICE=/nonexistent
check "no KVM device" role good 0 "accelerator tcg"
finish
