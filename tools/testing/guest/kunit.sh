#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: kunit.sh -l | -r SUITE.TEST
#
# In the guest: the results of the KUnit tests that the series brings, which ran
# when the kernel booted. Takes the options of a kselftest_harness.h program and
# answers like one; what the test printed stands before the result.

if [ "$1" = -l ]; then
	cat >&2 <<-'L'
	# FIXTURE VARIANT TEST
	normal_page test_pte
	                                             test_pmd
	                                             test_pud
	L
	exit 4
fi
suite=${2%%.*} test=${2#*.}

echo "TAP version 13"
echo "1..1"
results=/sys/kernel/debug/kunit/$suite/results
if [ ! -f "$results" ]; then
	echo "ok 1 $2 # SKIP no KUnit suite $suite in this kernel"
	exit 4
fi
# From the line after the result of the test before it.
awk -v t="$test" '
	/^    (not )?ok [0-9]+ / { if ($0 ~ " " t "( #.*)?$") { found = $0; exit } text = ""; next }
	{ sub(/^ */, ""); text = text "# " $0 "\n" }
	END {
		printf "%s", text
		sub(/^ */, "", found)
		if (found == "") exit 4
		print "# " found
		exit found ~ /# SKIP/ ? 5 : found !~ /^ok /
	}' "$results"
status=$?
case $status in
4) why="the kernel has no result of $test" ;;
5) why="all its cases were skipped" ;;
*) why='' ;;
esac
if [ -n "$why" ]; then
	echo "ok 1 $2 # SKIP $why"
	exit 4
fi
[ $status -eq 0 ] || printf "not "
echo "ok 1 $2"
exit $status
