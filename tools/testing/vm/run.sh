#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: run.sh [option...]
#
# Boots the kernel of a mode in QEMU with emulated NVDIMMs, lets the guest
# run a plan, watches the logs, and leaves serial.log and ktap.raw in the
# results directory for judge.sh; files that the guest sends go to its files/.
# Exit: 0 the plan ran to its end, 1 it did not (panic, silence, a limit, QEMU
# gone), 4 cannot run on this machine.
#
#   --mode MODE         patched (default) or base
#   --plan NAME         file of tools/testing/guest (default plan, or arch)
#   --test GLOB         only tests whose id matches
#   --results DIR       default is vm/results in the build directory; what a run left
#                       there before is removed
#   --tools "NAME..."   programs of this machine that the guest needs as well
#   --append WORDS      for the kernel's command line; NAME=VALUE is in the
#                       environment of the tests
#   --kernel FILE --initrd FILE   instead of the ones of the build
#   --boot-limit S --test-limit S --plan-limit S --shutdown-limit S
#   --silence S         longest time without a byte on either channel
#   --disk FILE         one more disk, read-only (/dev/vda, then vdb...)
#   --input FILE        the guest reads it from fw_cfg, opt/lab.input
#   --memory SIZE       of the guest (default 2G)
#   --cpus N            processors of the guest (default 2)
#   --labels GIB        one NVDIMM, of this size and with labels; for ndctl's tests
#   --shell             a shell in the guest, pmem ready (leave: exit, or Ctrl-A X)
#
# QEMU= names the binary, ACCEL=tcg|kvm overrides the choice, GDB=1 waits for
# gdb on port 1234, DRY=1 only prints the commands.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../../scripts/common.sh"
# shellcheck source=tools/testing/vm/machine.sh
. "$here/machine.sh"

mode=patched plan=plan test='*' results='' kernel='' initrd='' shell='' disks=() input='' memory=2G cpus=2 append='' labels='' tools=''
[[ $ARCH == x86_64 ]] || plan=arch
boot_limit=120 test_limit=120 plan_limit=1800 shutdown_limit=60 silence=''
# The hash MMU of powerpc takes half a minute to unmap a namespace.
[[ $ARCH != powerpc ]] || shutdown_limit=240
while [[ $# -gt 0 ]]; do
	case $1 in
	-h | --help) usage "$0"; exit 0 ;;
	--shell) shell=1; shift; continue ;;
	--disk)
		[[ $# -gt 1 ]] || fail "$1 needs a value" "it is the last word" "run.sh --help"
		disks+=("$2")
		shift 2
		;;
	--mode | --plan | --test | --results | --kernel | --initrd | --silence | --append | --tools | \
	--input | --memory | --cpus | --labels | \
	--boot-limit | --test-limit | --plan-limit | --shutdown-limit)
		[[ $# -gt 1 ]] || fail "$1 needs a value" "it is the last word" "run.sh --help"
		name=${1#--}
		printf -v "${name//-/_}" %s "$2"
		shift 2
		;;
	*) fail "unknown option $1" "run.sh does not have it" "run.sh --help" ;;
	esac
done
[[ $mode == patched || $mode == base ]] || fail "no mode $mode" "it is patched or base" "run.sh --help"
[[ $plan =~ ^[a-z-]+$ && -f $here/../guest/$plan ]] || fail "no plan $plan" "it is a file of tools/testing/guest" "ls tools/testing/guest"
# A test may be quiet until its own limit ends it.
silence=${silence:-$((test_limit + 30))}
kernel=${kernel:-$O/$mode/obj$variant/$image}
results=${results:-$O/vm/results}
if [[ -z $initrd ]]; then
	read -ra more <<<"$tools"
	initrd=$O/vm/initramfs-$mode$variant${tools:+-${tools// /-}}.cpio
	[[ $DRY == 1 ]] || "$here/initramfs.sh" "$mode" "$initrd" "${more[@]}"
fi

qemu_version
if [[ $DRY != 1 ]]; then
	for file in "${disks[@]}" ${input:+"$input"}; do
		[[ -f $file ]] || fail "no $file" "the guest is to have it" "look at --disk and --input"
	done
	for file in "$kernel" "$initrd"; do
		[[ -f $file ]] || fail "no $file" "the kernel is not built" "make build"
	done
fi

qemu_pid='' scratch=''
# What the guest sent, to the end of it if the guest died: one tar for each test.
collect() {
	[[ -s $results/files.tar ]] || { rm -f "$results/files.tar"; return 0; }
	mkdir -p "$results/files"
	tar -xf "$results/files.tar" -i -C "$results/files" --no-same-owner 2>/dev/null || say FILES "what the guest sent is not complete"
	rm -f "$results/files.tar"
}

cleanup() {
	if [[ -n $qemu_pid ]]; then
		kill -KILL "$qemu_pid" 2>/dev/null || true
	fi
	[[ -z $scratch ]] || rm -rf "$scratch"
	collect
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

accelerator "$kernel"
scratch=$O/vm/run.$$
append="lab.plan=$plan lab.test=$test lab.timeout=$test_limit${shell:+ lab.shell=1}${append:+ $append}"
qemu_line "$kernel" "$initrd" "$scratch" "$results" "$append" "$shell"
if [[ $DRY == 1 ]]; then
	printf '%s ' "${line[@]@Q}"
	echo
	exit 0
fi

own_results "$results"
mkdir -p "$results"
rm -rf "$results"/{serial.log,ktap.raw,ktap.log,junit.xml,verdict,log,files,files.tar}
: >"$results/serial.log"
: >"$results/ktap.raw"
config=${kernel%"/$image"}/.config
[[ ! -f $config ]] || cp "$config" "$results/config"
backing "$scratch"
say QEMU "$qemu_says, accelerator $accel"
echo "$qemu_says $model, $accel" >"$results/machine"
[[ -z ${GDB:-} ]] || say GDB "gdb ${kernel%"/$image"}/vmlinux -ex 'target remote :1234'"
if [[ -n $shell ]]; then
	"${line[@]}" || status=$?
	[[ ${status:-0} -eq $good || ${status:-0} -eq 0 ]] || exit 1
	exit 0
fi

"${line[@]}" </dev/null >"$results/qemu.log" 2>&1 &
qemu_pid=$!
exec 5<"$results/serial.log" 6<"$results/ktap.raw"

# give_up WHAT WHY NEXT: end the run with the end of the log.
give_up() {
	kill -KILL "$qemu_pid" 2>/dev/null || true
	qemu_pid=''
	cat "$results/qemu.log" >&2
	tail -n 40 "$results/serial.log" | tr -d '\r' >&2
	fail "$1" "$2" "$3"
}

phase=boot phase_start=$SECONDS last=$SECONDS dead='' down='' serial_part='' ktap_part='' took=''
dead_line=

serial_line() {
	case $1 in
	*"lab: init") phase=setup ;;
	*"lab: ready")
		say BOOT "ready after $(since 0)"
		phase=test phase_start=$SECONDS
		;;
	*"lab: done "*) phase=shutdown phase_start=$SECONDS ;;
	*"lab: down") down=1 ;;
	*"lab: setup failed"*) say GUEST "${1#*lab: }" ;;
	*"lab: progress "*) say GUEST "${1#*lab: progress }" ;;
	*"lab: "*) ;;
	*"Kernel panic"* | *"Oops:"* | *"general protection fault"* | *"kernel BUG at"* | \
	*"BUG: unable to handle"* | *"BUG: kernel NULL"* | *"BUG: soft lockup"* | *"detected stalls on"*)
		dead=${dead:-$SECONDS}
		dead_line=${dead_line:-$1}
		;;
	esac
}

ktap_line() {
	case $1 in
	"  # elapsed "*) took=${1##* } ;;
	"not ok "*) say "NOT OK" "${1#not ok * }  $took s" ;;
	"ok "*"# SKIP"*) say SKIP "${1#ok * }" ;;
	"ok "*) say OK "${1#ok * }  $took s" ;;
	esac
}

# read at the end of a growing file returns what is there: keep it until the
# rest of the line comes.
drain() {
	local text
	while IFS= read -r text <&5 || { serial_part+=$text; [[ -z $text ]] || last=$SECONDS; false; }; do
		last=$SECONDS
		text=${serial_part}${text%$'\r'}
		serial_part=''
		serial_line "$text"
	done
	while IFS= read -r text <&6 || { ktap_part+=$text; [[ -z $text ]] || last=$SECONDS; false; }; do
		last=$SECONDS
		text=$ktap_part$text
		ktap_part=''
		ktap_line "$text"
	done
}

while kill -0 "$qemu_pid" 2>/dev/null; do
	sleep 0.2
	drain
	# A few seconds for the rest of the trace.
	if [[ -n $dead && $((SECONDS - dead)) -ge 3 ]]; then break; fi
	case $phase in
	boot | setup) limit=$boot_limit option=boot ;;
	test) limit=$plan_limit option=plan ;;
	shutdown) limit=$shutdown_limit option=shutdown ;;
	esac
	[[ -z ${GDB:-} ]] || continue
	[[ $((SECONDS - phase_start)) -lt $limit ]] ||
		give_up "the guest's $phase took more than $limit s" "$results/serial.log has the log" \
			"look at its end above; --$option-limit raises the limit"
	[[ $((SECONDS - last)) -lt $silence ]] ||
		give_up "the guest has said nothing for $silence s ($phase)" \
			"it hangs, or the machine is too slow" "look at the end of the log above"
done
[[ -z $dead ]] || give_up "the kernel died: $dead_line" "phase $phase" \
	"the trace is above, all of it in $results/serial.log"
status=0
wait "$qemu_pid" || status=$?
drain
[[ -z $dead_line ]] || give_up "the kernel died: $dead_line" "phase $phase" \
	"the trace is above, all of it in $results/serial.log"
[[ $status -le 128 ]] ||
	give_up "QEMU was killed by signal $((status - 128))" "not by this script (phase $phase)" "run it again"
[[ $phase == shutdown ]] ||
	give_up "the guest ended before its done line" "QEMU exited with $status in phase $phase" \
		"look at the end of the log above"
[[ $status -eq $good ]] ||
	give_up "the guest reported failure" "exit status $status, expected $good (see lab: lines)" \
		"grep lab: $results/serial.log"
# Powering off says nothing by itself.
[[ $good -ne 0 || -n $down ]] ||
	give_up "the guest reported failure" "it powered off without its last line, lab: down" \
		"grep lab: $results/serial.log"
qemu_pid=''
say RAN "plan $plan on $mode$variant in $(since 0): $results"
