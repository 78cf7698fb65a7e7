#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: powercut.sh [--mode MODE] [--results DIR] [--rounds N] [--seed N]
#                    [--kernel FILE] [--initrd FILE]
#
# Power cuts: boots the guest, lets four programs write to ext4 and xfs on two
# NVDIMMs, through MAP_SYNC and with fsync, and kills QEMU after 0.2 to 1.9 s.
# The next guest mounts, so that the journals are replayed, and looks for all
# that was promised; every tenth runs fsck as well. Ends with ktap.log of one
# test for each file, each fsck and the kernel's logs, and the usual line.
#
# QEMU writes to the backing files at once, so what a CPU's cache would lose is
# not lost here; what is tested is that the metadata is there that makes the
# data belong to the file, and recovery. Exit: 0 nothing lost, 1 something, 4
# cannot run on this machine. Of a failed round serial logs and images are kept.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../../scripts/common.sh"
# shellcheck source=tools/testing/vm/machine.sh
. "$here/machine.sh"

disks=() input='' # which qemu_line asks for
mode=patched results='' rounds=${ROUNDS:-50} seed=${SEED:-$((RANDOM + 1))} kernel='' initrd=''
while [[ $# -gt 0 ]]; do
	case $1 in
	-h | --help) usage "$0"; exit 0 ;;
	--mode | --results | --rounds | --seed | --kernel | --initrd)
		[[ $# -gt 1 ]] || fail "$1 needs a value" "it is the last word" "powercut.sh --help"
		printf -v "${1#--}" %s "$2"
		shift 2
		;;
	*) fail "unknown option $1" "powercut.sh does not have it" "powercut.sh --help" ;;
	esac
done
[[ $rounds =~ ^[1-9][0-9]*$ && $seed =~ ^[1-9][0-9]*$ ]] ||
	fail "ROUNDS=$rounds SEED=$seed cannot be used" "both are numbers above 0" "powercut.sh --help"
results=${results:-$top/results/$(series_hash)/$mode$variant-powercut}
kernel=${kernel:-$O/$mode/obj$variant/arch/x86/boot/bzImage}
names=(ext4-sync ext4-fsync xfs-sync xfs-fsync)
if [[ -z $initrd ]]; then
	initrd=$O/vm/initramfs-$mode$variant-powercut.cpio
	[[ $DRY == 1 ]] || "$here/initramfs.sh" "$mode" "$initrd" e2fsck xfs_repair
fi
[[ $ARCH == x86_64 ]] || cannot "no power cuts with ARCH=$ARCH" "its NVDIMMs do not outlive QEMU" "make suite SUITE=faults"
qemu_version
[[ -s $here/splats ]] || fail "no $here/splats" "it says what no log may have" "git checkout tools/testing/vm/splats"

qemu_pid='' scratch=$O/vm/powercut.$$ broken=''
cleanup() {
	[[ -z $qemu_pid ]] || kill -KILL "$qemu_pid" 2>/dev/null || true
	[[ -n $broken ]] || rm -rf "$scratch"
	rm -f "$results/files.tar"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

accelerator "$kernel"
if [[ $DRY == 1 ]]; then
	qemu_line "$kernel" "$initrd" "$scratch" "$results" "lab.powercut=1:$seed:0" ''
	printf '%s ' "${line[@]@Q}"
	echo
	exit 0
fi
own_results "$results"
rm -rf "$results"
mkdir -p "$results"
backing "$scratch"
say QEMU "$qemu_says, accelerator $accel"
say SEED "SEED=$seed ROUNDS=$rounds"

# What "powercut: bad" said of whom, one line for each.
complaints=$results/complaints
: >"$complaints"

# boot ARGUMENT UNTIL: starts the guest and waits for a line, or the end.
boot() {
	local start=$SECONDS n=0
	: >"$results/serial.log"
	qemu_line "$kernel" "$initrd" "$scratch" "$results" "lab.powercut=$1" ''
	"${line[@]}" </dev/null >"$results/qemu.log" 2>&1 &
	qemu_pid=$!
	while kill -0 "$qemu_pid" 2>/dev/null; do
		n=$(grep -cE "$2" "$results/serial.log" || true)
		[[ $n -lt $3 ]] || return 0
		[[ $((SECONDS - start)) -lt ${BOOT_LIMIT:-150} ]] || break
		sleep 0.1
	done
	n=$(grep -cE "$2" "$results/serial.log" || true)
	[[ $n -ge $3 ]]
}

cut() {
	[[ -z $qemu_pid ]] || kill -KILL "$qemu_pid" 2>/dev/null || true
	wait "$qemu_pid" 2>/dev/null || true
	qemu_pid=''
}

# judge ROUND: what the guest said, and what its kernel did.
judge() {
	local log=$results/serial.log
	tr -d '\000\r' <"$log" >"$log.clean"
	mv "$log.clean" "$log"
	sed -n "s/.*lab: powercut: bad /round $1: /p" "$log" >>"$complaints"
	sed -n "s/.*lab: powercut: \(LOST .*\)/round $1: \1/p" "$log" >>"$complaints"
	grep -v 'lab: ' "$log" | grep -m 1 -E -f "$here/splats" | sed "s/^\[[^]]*\] *//; s/^/round $1: kernel /" >>"$complaints" || true
	cp "$log" "$results/serial-$1.log"
	# The logs of the round before and of this one tell a story; older ones not.
	[[ $1 -lt 3 ]] || rm -f "$results/serial-$(($1 - 2)).log"
}

promises='' kept=0 lost=''
for ((round = 1; round <= rounds + 1; round++)); do
	check=$((round % 10 == 0 || round == rounds + 1))
	this=$((seed * 1000 + round))
	[[ $round -le $rounds ]] || this=0
	if [[ $this -ne 0 ]]; then
		boot "$round:$this:$check$promises" 'lab: promise [^ ]* 0' "${#names[@]}" || lost=1
		sleep "$((RANDOM % 2)).$((RANDOM % 8 + 2))"
	else
		boot "$round:$this:$check$promises" 'lab: powercut: end' 1 || lost=1
	fi
	cut
	judge "$round"
	[[ -z $lost ]] || echo "round $round: boot the guest did not come so far" >>"$complaints"
	if [[ -s $complaints ]]; then
		broken=1
		break
	fi
	promises=''
	for name in "${names[@]}"; do
		n=$(sed -n "s/.*lab: promise $name \([0-9]*\)$/\1/p" "$results/serial.log" | tail -n 1)
		promises+=":$name=$this,${n:-0}"
		kept=$((kept + ${n:-0}))
	done
	if [[ $((round % 5)) -eq 0 ]]; then
		say ROUND "$round of $rounds, $(since 0), $kept operations promised so far"
	fi
done

# One test for each file, each fsck, and the logs.
number=0 bad=0
{
	echo "KTAP version 1"
	echo "# kernel $(sed -n 's/.*lab: kernel //p' "$results/serial.log" | tail -n 1)"
	echo "1..$((${#names[@]} + 3))"
	for test in "${names[@]}" fsck-ext4 fsck-xfs kernel; do
		number=$((number + 1)) result=ok how=-E
		case $test in
		fsck-*) match="fsck ${test#*-}|umount ${test#*-}|mkfs ${test#*-}" ;;
		# Whatever is of no file and no file system.
		kernel) how=-vE match='fsck|umount|mkfs|verify|LOST' ;;
		*) match="verify $test|LOST $test" ;;
		esac
		if grep $how "^round [0-9]+: ($match)" "$complaints" | sed 's/^/# /' | grep .; then
			result="not ok" bad=$((bad + 1))
		fi
		echo "  # $((round - 1)) power cuts, SEED=$seed"
		echo "$result $number powercut.$test"
	done
} >"$results/ktap.log"
grep -E '^(#|not ok)' "$results/ktap.log" | sed 1d || true
if [[ -n $broken ]]; then
	say KEPT "$scratch: the NVDIMMs after round $round; $results/serial-$round.log"
fi
say LOGS "$results/"
echo "$((number - bad)) passed, $bad failed, 0 skipped"
[[ $bad -eq 0 && -z $broken ]]
