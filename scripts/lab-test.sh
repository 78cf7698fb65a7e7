#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: lab-test.sh [NAME...]
#
# Runs the laboratory's own tests, the scripts of tools/testing/lab (or the
# ones named, without .sh), shows what failed and ends with
# "N passed, N failed, N skipped". The KTAP of each is kept in results/lab/.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
esac

for name; do
	[[ -x $top/tools/testing/lab/$name.sh ]] || fail "no laboratory test $name" "there is no such program in tools/testing/lab" \
		"ls tools/testing/lab"
done
out=$top/results/lab
[[ $DRY == 1 ]] || mkdir -p "$out"
passed=0 failed=0 skipped=0
for script in "$top"/tools/testing/lab/*.sh; do
	name=$(basename "$script" .sh)
	# Files without the executable bit are sourced by the others.
	[[ -x $script ]] || continue
	if [[ $# -gt 0 && " $* " != *" $name "* ]]; then
		continue
	fi
	say LAB "$name"
	if [[ $DRY == 1 ]]; then
		run "$script"
		continue
	fi
	status=0
	timeout --foreground -k 10 600 "$script" >"$out/$name.ktap" 2>&1 || status=$?
	ok=$(grep -c '^ok ' "$out/$name.ktap" || true)
	skip=$(grep -c '^ok .*# SKIP' "$out/$name.ktap" || true)
	bad=$(grep -c '^not ok ' "$out/$name.ktap" || true)
	plan=$(sed -n 's/^1\.\.//p' "$out/$name.ktap")
	if [[ $((ok + bad)) -eq 0 || ${plan:-none} != $((ok + bad)) ]] ||
		[[ $status -ne 0 && $bad -eq 0 ]]; then
		echo "not ok - $name: plan ${plan:-none}, $((ok + bad)) results, exit status $status"
		tail -n 20 "$out/$name.ktap"
		bad=$((bad + 1))
	fi
	awk '
		/^#/ { why = why $0 "\n"; next }
		/^not ok / { printf "%s%s\n", why, $0 }
		{ why = "" }' "$out/$name.ktap"
	passed=$((passed + ok - skip))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
done
[[ $DRY != 1 ]] || exit 0
[[ $((passed + failed)) -gt 0 ]] ||
	fail "no test of the laboratory ran" "none of that name in tools/testing/lab" \
		"ls tools/testing/lab"
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 ]]
