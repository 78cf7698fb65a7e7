#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: judge.sh [--record] MODE RESULTSDIR
#
# Turns what run.sh left (serial.log, ktap.raw) into a verdict: cuts the
# kernel's log into log/<test id>.log by the guest's marks, fails every test
# with a splat in its slice, compares with tools/testing/expect/MODE, and
# writes ktap.log, junit.xml and verdict. The last line printed is
# "N passed, N failed, N skipped". Exit 0 only if nothing failed.
#
# A test that a list has as todo or fail has to fail in the way that was
# recorded: with these assertions, not by a crash or a limit. --record keeps the
# assertions of this run, which has to be one of all tests, in
# tools/testing/expect/MODE.assertions.
#
# With ARCH= the list expect/ARCH counts as well; if there is CONFIG=, too, it is
# expect/ARCH-CONFIG instead.
#
# EXPECT= names another expectation list, ALSO= the one whose todo lines hold
# too (for base that of patched), PLANS= another directory of plans, ALLOW= a
# pattern of lines that are no splats in this run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../../scripts/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
esac
record=''
if [[ ${1:-} == --record ]]; then
	record=1
	shift
fi
[[ $# -eq 2 ]] || fail "judge.sh needs MODE and RESULTSDIR" "got $# arguments" "judge.sh --help"
mode=$1
results=$2
expect=${EXPECT:-$here/../expect/$mode}
# What the series does not do yet the base does not do either.
also=${ALSO:-}
if [[ $mode == base && -z ${EXPECT:-} ]]; then
	also=$here/../expect/patched
fi
more=$here/../expect/${variant#-}
[[ $ARCH != x86_64 && -f $more ]] || more=''

for file in "$results/serial.log" "$results/ktap.raw" "$expect"; do
	[[ -f $file ]] || fail "no $file" "there is nothing to judge without it" \
		"tools/testing/vm/test.sh --mode $mode"
done
[[ -z $record ]] || [[ $(grep -cE '^# (plan plan|filter \*)$' "$results/ktap.raw") -eq 2 ]] ||
	fail "$results is not of all tests" "the list would lose what this run did not come to" \
		"tools/testing/vm/test.sh --mode $mode"
rm -rf "$results/log"
mkdir -p "$results/log"

awk -f "$here/assertions.awk" "$results/ktap.raw" | LC_ALL=C sort >"$results/assertions"
if [[ -n $record ]]; then
	# What is written down as varying stays so.
	vary=$(grep -P '^[^\t]*\t\*\t' "$expect.assertions" 2>/dev/null || true)
	{
		awk -F '\t' 'NR == FNR { vary[$1]; next } !($1 in vary)' \
			<(printf '%s\n' "$vary") "$results/assertions"
		[[ -z $vary ]] || printf '%s\n' "$vary"
	} | LC_ALL=C sort >"$expect.assertions.new"
	mv "$expect.assertions.new" "$expect.assertions"
	say RECORD "$expect.assertions"
fi

# mawk stops at NUL bytes, and a dying machine may leave some.
tr -d '\000\r' <"$results/serial.log" |
	awk -v mode="$mode" -v variant="$variant" -v again="$again" -v more="$more" -v results="$results" -v expect="$expect" -v also="$also" \
		-v allow="${ALLOW:-}" -v plans="${PLANS:-$here/../guest}" -v splats="$here/splats" -f "$here/judge.awk" -f "$here/junit.awk"
