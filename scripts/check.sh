#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: check.sh
#
# What "make check" does: the rules for the series, the laboratory's own
# tests, all tests on the patched kernel, and the same tests on the unpatched
# base, where those that the series makes pass are expected to fail. Goes on
# after a failure. The last line adds up all parts:
# "N passed, N failed, N skipped". Exit: 0 if nothing failed. ARCH=um runs what
# User Mode Linux is for, and no more: entries that cannot be marked special.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

no_arguments "$@"

"$top/scripts/deps.sh"
"$top/scripts/fetch.sh"

case $ARCH in
um | x86_64) ;;
*) fail "no check for ARCH=$ARCH" "what the base is expected to do is known of x86_64 only" "make test ARCH=$ARCH" ;;
esac
[[ $ARCH != um ]] || exec "$top/tools/testing/um/run.sh"

passed=0 failed=0 skipped=0
summary=()

# part NAME CMD...: a part that ends without its counts has failed.
part() {
	local name=$1 status=0 log line p f s
	shift
	if [[ $DRY == 1 ]]; then
		"$@"
		return
	fi
	log=$O/check-${name// /-}.log
	mkdir -p "$O"
	say CHECK "$name ($(since 0))"
	"$@" 2>&1 | tee "$log" || status=$?
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 || true)
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)? ]]; then
		p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[4]:-0}
	else
		p=$((status == 0)) f=0 s=0
	fi
	# What stopped before it could count a failure is one.
	if [[ $status -ne 0 && $f -eq 0 ]]; then
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	summary+=("$(printf '%-24s %3d passed, %d failed, %d skipped  (%s)' "$name" "$p" "$f" "$s" "${log#"$PWD/"}")")
}

# on MODE: build and test one kernel.
on() {
	"$top/scripts/prepare.sh" "$1" &&
		"$top/scripts/build.sh" "$1" &&
		"$top/tools/testing/vm/test.sh" --mode "$1"
}

part lint "$top/scripts/lint.sh"
part lab "$top/scripts/lab-test.sh"
part vma "$top/scripts/vma-test.sh"
part patched on patched
part base on base
[[ $DRY != 1 ]] || exit 0

echo
printf '  %s\n' "${summary[@]}"
say TIME "$(since 0)"
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 ]]
