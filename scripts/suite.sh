#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suite.sh [SUITE]
#
# Runs a suite of somebody else (SUITE=kselftest) on the base and on the
# patched kernel and compares the results, test by test. The table of all
# tests, differences first, is left beside the logs of both runs; what differs
# is printed, and "N same, N fixed, N broken, N flaky" is the last line. A test
# that differs is run twice more on both. Splats count: a test with one has
# failed. Exit: 0 nothing is broken, 1 something is, 4 cannot run here.
#
# MODES="patched" runs less, to look at the results of one kernel only.

#
# SUITE=xfstests and SUITE=ndctl have scripts of their own, suite-*.sh.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-${SUITE:-}} in
-h | --help) usage "$0"; exit 0 ;;
kselftest) suite=kselftest ;;
xfstests | ndctl) exec "$top/scripts/suite-${1:-$SUITE}.sh" ;;
*) fail "no suite '${1:-${SUITE:-}}'" "there are: kselftest, xfstests, ndctl" "make suite SUITE=kselftest" ;;
esac
export CONFIG=suites
vm=$top/tools/testing/vm
results=$top/results/$(series_hash)/$suite
read -ra modes <<<"${MODES:-base patched}"
limit=600

# Nothing is expected of single tests here: the other kernel is the measure.
empty=$(mktemp)
trap 'rm -f "$empty" "$empty.assertions"' EXIT
: >"$empty.assertions"

# one MODE NAME [option of run.sh...]
one() {
	local status=0
	EXPECT=$empty "$vm/test.sh" --mode "$1" --plan "$suite" --results "$results/$2" \
		--test-limit $limit --plan-limit 7200 --silence 900 "${@:3}" || status=$?
	[[ $status -ne 4 ]] || exit 4
	[[ $DRY == 1 || -s $results/$2/ktap.log ]] ||
		fail "the $suite run on the $1 kernel has no results" "see above" "look at $results/$2"
}

for mode in "${modes[@]}"; do
	"$top/scripts/prepare.sh" "$mode"
	"$top/scripts/build.sh" "$mode"
	say SUITE "$suite on $mode"
	one "$mode" "$mode"
done
[[ $DRY != 1 && ${#modes[@]} -eq 2 ]] || exit 0

compare() {
	awk -f "$top/tools/testing/suites/compare.awk" -v base="$1" -v patched="$2" \
		-v out="$results/table" </dev/null
}

base=$results/base/ktap.log patched=$results/patched/ktap.log
again=$(compare "$base" "$patched" | awk '$1 ~ /^(broken|flaky)$/ { sub(/:$/, "", $4); print $4 }' | sort -u)
for id in $again; do
	for n in 2 3; do
		for mode in base patched; do
			one "$mode" "$mode-$n-$id" --test "$id"
		done
		base+=" $results/base-$n-$id/ktap.log" patched+=" $results/patched-$n-$id/ktap.log"
	done
done
say TABLE "$results/table"
compare "$base" "$patched"
