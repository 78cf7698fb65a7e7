#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: run.sh [--kernel FILE] [--results DIR]
#
# Boots the patched kernel as a User Mode Linux process and judges what its KUnit
# tests and the guest's init say: every result has to be ok, all have to be there,
# and no line may be one of tools/testing/vm/splats. The kernel is built by
# "check-arch.sh um" if it is not named. Ends with "N passed, N failed, N skipped".

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../../scripts/common.sh"

kernel='' results=$top/results/$(series_hash)/um limit=120
while [[ $# -gt 0 ]]; do
	case $1 in
	-h | --help) usage "$0"; exit 0 ;;
	--kernel | --results)
		[[ $# -gt 1 ]] || fail "$1 needs a value" "it is the last word" "run.sh --help"
		printf -v "${1#--}" %s "$2"
		shift 2
		;;
	*) fail "no option $1" "see the usage" "run.sh --help" ;;
	esac
done
if [[ -z $kernel ]]; then
	"$top/scripts/check-arch.sh" um
	kernel=$O/arch/um/patched/linux
fi
[[ $DRY != 1 ]] || { run "$kernel" mem=256M initrd="$O/um/initrd"; exit 0; }
[[ -x $kernel ]] || fail "no kernel $kernel" "it is not there, or no program" "scripts/check-arch.sh um"

mkdir -p "$O/um/root"/{dev,proc,tmp} "$results"
gcc -O2 -Wall -static -o "$O/um/root/init" "$here/init.c"
gcc -O2 -Wall -shared -fPIC -o "$O/um/no-xstate.so" "$here/no-xstate.c" -ldl
(cd "$O/um/root" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$O/um/initrd"

log=$results/serial.log
say UM "$kernel"
status=0
# Its memory is a file in TMPDIR. What no-xstate does not save nobody may use.
TMPDIR=$O/um LD_PRELOAD=$O/um/no-xstate.so timeout -k 5 "$limit" "$kernel" mem=256M initrd="$O/um/initrd" init=/init \
	con=null con0=fd:0,fd:1 ssl=null panic=1 GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-ERMS \
	</dev/null >"$log" 2>&1 || status=$?
say LOGS "$log"
awk -v splats="$here/../vm/splats" -v status="$status" -v limit="$limit" '
	BEGIN {
		while ((getline line < splats) > 0)
			re = re (re == "" ? "" : "|") "(" line ")"
	}
	{ sub(/\r$/, "") }
	$0 ~ re { bad("splat: " $0) }
	# KUnit counts its parameters, tests and suites; init its tests.
	/^ *not ok / { bad($0) }
	/^ *ok / { if (/# SKIP/) skipped++; else passed++ }
	/^ *(# )?normal_page: pass:/ || /ok [0-9]+ normal_page/ { kunit = 1 }
	/^# done, / { done = 1 }
	function bad(text) { failed++; print "FAILED " text }
	END {
		if (status == 124 || status == 137) bad("the guest did not end within " limit " s")
		if (!kunit) bad("the KUnit suite normal_page has not run")
		if (!done) bad("init has not come to its end")
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0
	}' "$log"
