#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suite.sh [SUITE]
#
# Runs a suite on the base and on the patched kernel and compares the results,
# test by test. SUITE= is
#
#   kselftest   the mm selftests of the kernel tree, on DAX file systems
#   faults      allocations that fail, bad blocks, signals; ROUNDS=50 power cuts
#   stress      MINUTES=30 of everything at once, from SEED=
#   mutants     kernels with a fault put in: do the tests notice (mutants.sh)
#   xfstests    and ndctl have scripts of their own, suite-*.sh
#
# The table of all tests, differences first, is left beside the logs of both
# runs; what differs is printed, and "N same, N fixed, N broken, N flaky" is the
# last line. A test that is broken is run twice more on both, with kselftest also
# one that is fixed, and up to five times more if it does not always fail. Splats
# count: a test with one has failed. A skip that tools/testing/expect/SUITE does
# not list with a reason is a failure. Exit: 0 nothing is broken, 1 something is, 4
# cannot run here.
#
# PART=NAME gives the results, and the part of suites.rst, a name of their own.
# MODES="patched" runs less, to look at the results of one kernel only. They are
# compared with nothing, and the exit status is 0 if there are any.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/suite-lib.sh
. "$top/scripts/suite-lib.sh"

suite=${1:-${SUITE:-}}
limit=600 plan_limit=7200 options=() rerun='broken|flaky'
command="make suite SUITE=$suite" version=''
case $suite in
-h | --help) usage "$0"; exit 0 ;;
kselftest)
	# uffd-unit-tests are slow when they have to share a processor; mremap_test
	# maps 2 GiB.
	limit=1800 plan_limit=14400 options=(--memory 4G) rerun+='|fixed'
	;;
faults)
	limit=300
	[[ $ARCH == x86_64 ]] || fail "no faults for ARCH=$ARCH" "its NVDIMMs do not outlive QEMU, so no power can be cut" \
		"make test ARCH=$ARCH"
	# What ext4 says when a call returns -ENOMEM.
	export ALLOW='EXT4-fs error .*: Out of memory'
	export ROUNDS=${ROUNDS:-50} SEED=${SEED:-$((RANDOM + 1))}
	[[ $ROUNDS =~ ^[1-9][0-9]*$ && $SEED =~ ^[1-9][0-9]*$ ]] ||
		fail "ROUNDS=$ROUNDS SEED=$SEED cannot be used" "both are numbers above 0" "make suite SUITE=faults"
	command+=" ROUNDS=$ROUNDS SEED=$SEED"
	say SEED "$command"
	;;
stress)
	minutes=${MINUTES:-30} seed=${SEED:-$((RANDOM + 1))}
	[[ $minutes =~ ^[1-9][0-9]*$ && $seed =~ ^[1-9][0-9]*$ ]] ||
		fail "MINUTES=$minutes SEED=$seed cannot be used" "both are numbers above 0" "make suite SUITE=stress MINUTES=30"
	# An emulated machine may need longer to end than to work.
	limit=$((minutes * 60 + 600)) plan_limit=$((minutes * 120 + 1800))
	options=(--tools "fio stress-ng setpriv" --append "MINUTES=$minutes SEED=$seed" --shutdown-limit 180)
	command+=" MINUTES=$minutes SEED=$seed"
	version="$(fio --version 2>/dev/null || :), $(stress-ng --version 2>/dev/null | sed 's/^\(.*version [0-9.]*\).*/\1/; s/, version//')"
	say SEED "$command"
	;;
mutants) exec "$top/scripts/mutants.sh" ;;
xfstests | ndctl) exec "$top/scripts/suite-$suite.sh" ;;
*) fail "no suite '$suite'" "there are: kselftest, faults, stress, mutants, xfstests, ndctl" "make suite SUITE=kselftest" ;;
esac
results=$top/results/$(series_hash)/$suite$extra

lock "$results"
if [[ $DRY != 1 ]]; then
	echo "$command$named" >"$results/command"
	[[ -z $version ]] || echo "$version" >"$results/version"
fi
# Nothing is expected of single tests here but skips: the other kernel is the
# measure.
expect=$(mktemp)
trap 'rm -f "$expect" "$expect.assertions"' EXIT
: >"$expect.assertions"
if [[ -f $top/tools/testing/expect/$suite ]]; then
	cat "$top/tools/testing/expect/$suite" >"$expect"
fi

# came MODE NAME STATUS: there are results of tests. Two kernels that do not come
# to their tests are not the same.
came() {
	[[ $3 -ne 4 && $3 -le 128 ]] || exit "$3"
	[[ $DRY == 1 ]] || grep -qsE '^(not )?ok [0-9]+ ' <(grep -vsE '^(not )?ok [0-9]+ run\.' "$results/$2/ktap.log") ||
		fail "the $suite run on the $1 kernel has no results" "see above" "look at $results/$2"
}

# one MODE NAME [option of run.sh...]
one() {
	local status=0
	EXPECT=$expect "$vm/test.sh" --mode "$1" --plan "$suite" --results "$results/$2" \
		--test-limit "$limit" --plan-limit "$plan_limit" --silence "$((limit + 300))" \
		"${options[@]/#MINUTES=/LAB_MODE=$1 MINUTES=}" "${@:3}" || status=$?
	came "$1" "$2" "$status"
}

# powercut MODE NAME: the part of faults that has no plan.
powercut() {
	local status=0
	"$vm/powercut.sh" --mode "$1" --results "$results/$2" || status=$?
	came "$1" "$2" "$status"
}

base=$results/base/ktap.log patched=$results/patched/ktap.log
for mode in "${modes[@]}"; do
	"$top/scripts/prepare.sh" "$mode"
	"$top/scripts/build.sh" "$mode"
	say SUITE "$suite on $mode"
	one "$mode" "$mode"
	[[ $suite != faults ]] || powercut "$mode" "$mode-powercut"
done
if [[ $suite == faults ]]; then
	base+=" $results/base-powercut/ktap.log" patched+=" $results/patched-powercut/ktap.log"
fi
[[ $DRY != 1 && ${#modes[@]} -eq 2 ]] || exit 0

# differing REGEX: names of the tests of which the table says so: kind, base, patched.
# What is wrong with a whole run is not a test that could be run again.
differing() {
	compare "$base" "$patched" | awk -v re="$1" '($1 " " $2 " " $3) ~ re {
		sub(/:$/, "", $4); sub(/^powercut.*/, "powercut", $4); if ($4 !~ /^run\./) print $4 }' | sort -u || true
}

# run_again N ID: on both kernels, the Nth time.
run_again() {
	for mode in base patched; do
		if [[ $2 == powercut ]]; then
			powercut "$mode" "$mode-$1-$2"
		else
			one "$mode" "$mode-$1-$2" --test "$2"
		fi
	done
	base+=" $results/base-$1-$2/ktap.log" patched+=" $results/patched-$1-$2/ktap.log"
}

for id in $(differing "^($rerun) "); do
	run_again 2 "$id"
	run_again 3 "$id"
done
# What has failed on the patched kernel alone, but not always.
for n in {4..8}; do
	for id in $(differing '^broken pass flaky'); do
		run_again "$n" "$id"
	done
done
say TABLE "$results/table"
status=0
compare "$base" "$patched" || status=1
unlisted=$(grep -h 'skipped, and no list says so' "$results/patched/ktap.log" || true)
if [[ -n $unlisted ]]; then
	printf '%s\n' "$unlisted"
	fail "tests were skipped" "no line of tools/testing/expect/$suite names them" \
		"make them run, or list them with the reason"
fi
exit "$status"
