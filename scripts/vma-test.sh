#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: vma-test.sh
#
# Builds and runs the tests that the patched tree has for mm/vma.c: programs of
# this machine, with a stand-in for the kernel's headers that has to follow what
# the series does (tools/testing/vma). On the base they do not link. The log is
# $O/vma-test.log. Ends with "N passed, N failed".

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
no_arguments "$@"

log=$O/vma-test.log
"$top/scripts/prepare.sh" patched
tests=$O/patched/linux/tools/testing/vma
if [[ $DRY == 1 ]]; then
	run make -C "$tests"
	run "$tests/vma"
	exit 0
fi
# They have no O=, nor do they see that a header changed.
trap 'make -s -C "$tests" clean >/dev/null' EXIT
make -s -C "$tests" clean >"$log"
if ! make -C "$tests" >>"$log" 2>&1; then
	grep -E -m 10 'error|undefined reference' "$log" >&2 || tail -n 5 "$log" >&2
	fail "tools/testing/vma does not build" "see above, all of it in $log" "is liburcu-dev installed? make deps"
fi
"$tests/vma" >>"$log" 2>&1 || :
read -r run passed failed < <(sed -n 's/^\([0-9]*\) tests run, \([0-9]*\) passed, \([0-9]*\) failed\.$/\1 \2 \3/p' "$log") ||
	fail "tools/testing/vma did not come to its end" "$(tail -n 1 "$log")" "look at $log"
[[ $failed -eq 0 ]] || grep -v '^make' "$log" | tail -n 20 >&2
echo "$passed passed, $((run - passed)) failed"
[[ $passed -gt 0 && $passed -eq $run ]]
