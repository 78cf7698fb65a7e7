#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: count.sh [FUNCTION...]
#
# Instructions that a call of a kernel function takes, on the base and on the
# patched kernel: vm_normal_page unless others are named. Both are built with
# CONFIG=count and booted one instruction at a time, with a process that has
# normal PTEs walked; QEMU logs all instructions between the first and the last
# address of the function. What it calls is not counted, if it is not inlined.
# Calls that take the same number are counted together, and the number that most
# calls take is compared: the fast path. More than on the base is a failure. The
# numbers are the same in every run. Takes about three minutes a function when the
# kernels are built. Ends with "N passed, N failed". Exit: 0, 1, 4 cannot run here.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
-*) fail "no option $1" "see the usage" "count.sh --help" ;;
esac
functions=("$@")
[[ $# -gt 0 ]] || functions=(vm_normal_page)
[[ $ARCH == x86_64 ]] || fail "no count for ARCH=$ARCH" "the machine is an x86-64" "leave ARCH= away"
export CONFIG=count
variant=-count
limit=600
here=$top/tools/testing/vm
# shellcheck source=tools/testing/vm/machine.sh
. "$here/machine.sh"
qemu_version
# One instruction for each line of the log: QEMU 9 knows the second name only.
single=(-accel "tcg,thread=single" -singlestep)
major=${qemu_says#QEMU }
[[ ${major%%.*} -lt 9 ]] || single=(-accel "tcg,thread=single,one-insn-per-tb=on")

dir=$O/count
results=$top/results/$(series_hash)/count
run mkdir -p "$dir/root"/{dev,proc} "$results"
run gcc -O2 -Wall -static -o "$dir/root/init" "$top/tools/testing/count/init.c"
[[ $DRY == 1 ]] || (cd "$dir/root" && find . -mindepth 1 | LC_ALL=C sort |
	cpio --quiet -o -H newc -R 0:0) >"$dir/initrd"

# traced MODE FUNCTION: the log of its instructions, "pc" in each line.
traced() {
	local obj=$O/$1/obj$variant start size log=$dir/$1-$2
	[[ $DRY == 1 || -f $obj/vmlinux ]] || fail "no kernel in $obj" "vmlinux is not there" "see above"
	read -r start size < <([[ $DRY == 1 ]] ||
		nm -S "$obj/vmlinux" | awk -v name="$2" '$4 == name && $3 ~ /[Tt]/ { print $1, $2; exit }') || :
	[[ $DRY == 1 || -n ${size:-} ]] ||
		fail "no function $2 in the $1 kernel" "it is inlined, or has another name" "nm $obj/vmlinux"
	run rm -f "$log.trace" "$log.serial"
	local command=("$QEMU" -machine q35 "${single[@]}"
		-cpu "max,-erms,-fsrm,-smap,-smep,-la57,-pku" -smp 1 -m 512M -nodefaults -display none -no-reboot
		-serial "file:$log.serial" -kernel "$obj/arch/x86/boot/bzImage" -initrd "$dir/initrd"
		-append "console=ttyS0 panic=-1 norandmaps tsc=reliable no_timer_check lpj=4000000"
		-d "exec,nochain" -dfilter "0x${start:-0}+0x${size:-0}" -D "$log.trace")
	[[ $DRY != 1 ]] || { run "${command[@]}"; return; }
	MEASURE='' busy COUNT "$2 on $1" run timeout -k 5 "$limit" "${command[@]}" </dev/null >"$log.qemu" 2>&1 ||
		fail "the $1 kernel did not come to its end" "$(tail -n 1 "$log.qemu" "$log.serial" | tr '\n' ' ')" \
			"look at $log.serial; a slow machine needs more than $limit s"
	grep -q '^count: done' "$log.serial" ||
		fail "the guest's process failed on the $1 kernel" "no 'count: done' in its log" "look at $log.serial"
	awk -v start="$start" '
		/^Trace / {
			split($0, part, "/")
			if (part[2] == start && n) { calls[n]++; n = 0 }
			if (part[2] == start || n) n++
		}
		END {
			if (n) calls[n]++
			for (n in calls) print calls[n], n
		}' "$log.trace" | sort -rn >"$log.calls"
	rm -f "$log.trace"
}

for mode in base patched; do
	"$top/scripts/prepare.sh" "$mode"
	"$top/scripts/build.sh" "$mode"
done
passed=0 failed=0
for function in "${functions[@]}"; do
	for mode in base patched; do
		traced "$mode" "$function"
	done
	[[ $DRY != 1 ]] || continue
	for mode in base patched; do
		[[ -s $dir/$mode-$function.calls ]] || fail "$function was not called on the $mode kernel" \
			"what tools/testing/count/init.c does does not come to it" "name another function"
	done
	# Most calls first: calls, instructions.
	read -r base_calls base <"$dir/base-$function.calls"
	read -r calls patched <"$dir/patched-$function.calls"
	text="$function: $base instructions on the base ($base_calls calls), $patched on the patched kernel ($calls calls)"
	if [[ $patched -le $base ]]; then
		say OK "$text"
		passed=$((passed + 1))
	else
		say "NOT OK" "$text"
		failed=$((failed + 1))
	fi
	cp "$dir"/{base,patched}-"$function".calls "$results/"
done
[[ $DRY != 1 ]] || exit 0
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
