#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suites-compare.sh
#
# Tests suites/compare.awk on results made up here: equal ones, and the same
# with one difference. KTAP on stdout.

[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
compare=$(dirname "${BASH_SOURCE[0]}")/../suites/compare.awk

# results FILE [SED]: what a run left, after SED.
results() {
	cat <<-'E' | sed "${2:-}" >"$tmp/$1"
	KTAP version 1
	1..3
	  # ok 1 CoW of 3MB of anonymous memory, pid 12 at 0x7f00, 90 (0.2%) faults 90.
	  # not ok 2 R/O pin of a file
	  # ok 3 # SKIP no hugetlb
	  # some text
	ok 1 ext4.mm.cow
	ok 2 ext4.mm.hmm # SKIP no module
	not ok 3 ext4.mm.mlock2
	E
}

# differs NAME STATUS TEXT SED...: one changed patched run for each SED.
differs() {
	local name=$1 status=$2 text=$3 sed runs=
	shift 3
	results base
	for sed; do
		results "patched$#" "$sed"
		runs+=" $tmp/patched$#"
		shift
	done
	check "$name" says "$status" "$text" \
		awk -f "$compare" -v base="$tmp/base" -v patched="$runs" -v out="$tmp/table"
}

differs "equal results" 0 "6 same, 0 fixed, 0 broken, 0 flaky" ''
differs "other addresses and numbers are equal" 0 "6 same, 0 fixed, 0 broken, 0 flaky" \
	's/0x7f00/0x8f00/; s/pid 12/pid 13/; s/3MB of/4MB of/; s/90 (0.2%) faults 90/7 (0.0%) faults 7/'
differs "a test fails" 1 "5 same, 0 fixed, 1 broken, 0 flaky" 's/^ok 1 /not &/'
differs "a line of a program fails" 1 "5 same, 0 fixed, 1 broken, 0 flaky" 's/# ok 1 /# not ok 1 /'
differs "a skip is less than a pass" 1 "5 same, 0 fixed, 1 broken, 0 flaky" 's/^ok 1 .*/& # SKIP x/'
differs "a skip is more than a failure" 0 "5 same, 1 fixed, 0 broken, 0 flaky" 's/^not ok 3\(.*\)/ok 3\1 # SKIP x/'
differs "a test passes" 0 "5 same, 1 fixed, 0 broken, 0 flaky" 's/^not ok 3/ok 3/'
differs "a test has no result" 1 "5 same, 0 fixed, 1 broken, 0 flaky" '/^not ok 3/d'
differs "a line is missing" 1 "5 same, 0 fixed, 1 broken, 0 flaky" '/# ok 1 /d'
differs "once it fails" 1 "5 same, 0 fixed, 1 broken, 0 flaky" '' 's/^ok 1 /not &/'
differs "once it passes" 0 "5 same, 0 fixed, 0 broken, 1 flaky" '' 's/^not ok 3/ok 3/'
results base
results base2 's/^ok 1 /not &/'
results patched 's/^ok 1 /not &/'
results patched2
check "on the base it is so, too" says 0 "5 same, 0 fixed, 0 broken, 1 flaky" \
	awk -f "$compare" -v base="$tmp/base $tmp/base2" -v patched="$tmp/patched $tmp/patched2"
differs "a run has a trouble" 1 "6 same, 0 fixed, 1 broken, 0 flaky" 's,^not ok 3.*,&\nnot ok 4 run.1,'
differs "no results" 1 "0 same, 0 fixed, 6 broken, 0 flaky" 'd'
check "the table begins with the differences" grep -q '^broken .*pass .*missing .*ext4.mm.cow' "$tmp/table"
finish
