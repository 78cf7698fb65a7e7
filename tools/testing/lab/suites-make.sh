#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suites-make.sh
#
# Tests suite.sh and mutants.sh with stand-ins for what builds and boots. KTAP on
# stdout.

# shellcheck disable=SC2016,SC2317 # dollars of others; check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
: "${tmp:?}"
repo=$tmp/repo s=$tmp/repo/scripts
unset ARCH CROSS_COMPILE CONFIG V DRY SUITE MODES MINUTES SEED PART MUTANT
export O=$tmp/O HOME=$tmp JOBS=1 ROLE=''
mkdir -p "$repo/tools/testing"/{expect,mutants,suites,vm} "$repo/patches" "$O/src/linux"
echo "pin 1" >"$O/src/linux.stamp"
here=$(dirname "${BASH_SOURCE[0]}")/..
cp -r "$here/../../scripts" "$repo/"
cp "$here/suites/compare.awk" "$repo/tools/testing/suites/"
: >"$repo/series"
echo "A leak." >"$repo/tools/testing/mutants/leak.patch"
echo "No wake-up." >"$repo/tools/testing/mutants/late.patch"
for name in prepare build; do
	printf '#!/bin/sh\necho "%s $* MUTANT=$MUTANT O=$O" >>%s\n' "$name" "$tmp/calls" >"$s/$name.sh"
done
# A guest whose results depend on ROLE, the kernel and the mutant.
cat >"$repo/tools/testing/vm/test.sh" <<'E'
#!/usr/bin/env bash
echo "test $* MUTANT=${MUTANT:-} expects $(paste -sd';' "${EXPECT:-/dev/null}")" >>"$CALLS"
while [[ $# -gt 0 ]]; do
	case $1 in
	--mode) mode=$2 ;;
	--results) results=$2 ;;
	esac
	shift
done
mkdir -p "$results"
result="ok" why=
case $ROLE:$mode:${MUTANT:-} in
hang:*:leak) printf '1..1\nok 1 a.b\n' >"$results/ktap.log"; echo "lab: begin a.b" >"$results/serial.log"; exit 1 ;;
caught:*:?*) result="not ok" why="one too many" ;;
*:*:leak) result="not ok" why="one too many" ;;
unpatched:*:) result="not ok" why="fails anyway" ;;
broken:patched:) result="not ok" why="broken" ;;
skip:*) result="not ok" why="skipped, and no list says so: no library" ;;
cannot:*) exit 4 ;;
stop:*) exit 130 ;;
dead:*) printf '1..1\n# not one test ran\nnot ok 1 run.1\n' >"$results/ktap.log"; exit 1 ;;
no-boot:*:?*) : >"$results/serial.log"; exit 1 ;;
esac
echo "lab: begin a.b" >"$results/serial.log"
printf 'KTAP version 1\n1..1\n%s%s 1 a.b\n' "${why:+# a.b: $why
}" "$result" >"$results/ktap.log"
[[ $result == ok ]]
E
cp "$repo/tools/testing/vm/test.sh" "$repo/tools/testing/vm/powercut.sh"
sed -i 's/ a\.b/ powercut.x/g' "$repo/tools/testing/vm/powercut.sh"
chmod +x "$s"/*.sh "$repo"/tools/testing/vm/*.sh
export CALLS=$tmp/calls

# does ROLE STATUS TEXT CMD...
does() {
	: >"$CALLS"
	ROLE=$1 says "${@:2}"
}

echo "KTAP version 1"
check "all mutants are caught" does caught 0 "3 passed, 0 failed, 0 skipped" "$s/mutants.sh"
check "without one it is the patched kernel" grep -q "prepare patched MUTANT= O=$O/mutants" "$CALLS"
check "with one as well" grep -q "build patched MUTANT=late O=$O/mutants" "$CALLS"
echo "pin 2" >"$O/src/linux.stamp"
newer() { does caught 0 "3 passed" "$s/mutants.sh" && grep -qx "pin 2" "$O/mutants/src/linux.stamp" && [[ ! -e $O/mutants/src/src ]]; }
check "another base is linked anew" newer
check "a mutant survives" does alive 1 "late: survives" "$s/mutants.sh"
check "and counts" grep -qx "2 passed, 1 failed, 0 skipped" "$tmp/says"
check "one by its name" does alive 0 "2 passed, 0 failed" "$s/mutants.sh" leak
check "a guest that fails when all tests passed" does hang 0 "leak: caught: the run failed, and no test" "$s/mutants.sh" leak
check "what fails without a mutant proves nothing" does unpatched 1 "fails without a mutant" "$s/mutants.sh" leak
check "nor does a kernel that does not boot" does no-boot 1 "does not come to the tests" "$s/mutants.sh"
check "no such mutant" does caught 1 "no mutant fish" "$s/mutants.sh" fish
check "mutants are a suite" does caught 0 "3 passed, 0 failed" "$s/suite.sh" mutants
cannot() { ROLE=cannot "$s/mutants.sh"; [[ $? -eq 4 ]]; }
check "no QEMU" cannot

check "both kernels are the same" does same 0 "1 same, 0 fixed, 0 broken, 0 flaky" "$s/suite.sh" kselftest
check "one is broken" does broken 1 "0 same, 0 fixed, 1 broken, 0 flaky" "$s/suite.sh" kselftest
again() { [[ $(grep -c '^test .*--test a.b' "$CALLS") -eq 4 ]]; }
check "and has been run again" again
check "a skip that is not listed" does skip 1 "error: tests were skipped" "$s/suite.sh" kselftest
check "both kernels dead are not the same" does dead 1 "the kselftest run on the base kernel has no results" "$s/suite.sh" kselftest
stop() { ROLE=stop "$s/suite.sh" kselftest; [[ $? -eq 130 ]]; }
check "Ctrl-C" stop
echo "a.b skip no library" >"$repo/tools/testing/expect/kselftest"
check "the list of skips is handed on" does same 0 "1 same" "$s/suite.sh" kselftest
check "to the judge" grep -q "expects a.b skip no library" "$CALLS"
check "power cuts are part of faults" does same 0 "2 same, 0 fixed" "$s/suite.sh" faults
check "stress says its seed" does same 0 "SEED=7" env SEED=7 MINUTES=2 "$s/suite.sh" stress
check "and hands it on" grep -q -e "--append LAB_MODE=base MINUTES=2 SEED=7" "$CALLS"
check "the table has the command" grep -qx "make suite SUITE=stress MINUTES=2 SEED=7" "$repo"/results/*/stress/command
check "PART= and CONFIG=" does same 0 "1 same" env CONFIG=plain PART=x SEED=7 MINUTES=2 "$s/suite.sh" stress
check "have results of their own, with the command" grep -qx "make suite SUITE=stress MINUTES=2 SEED=7 PART=x CONFIG=plain" \
	"$repo"/results/*/stress-plain-x/command
table() {
	echo BASE_VERSION=6.12.0 >"$repo/patches/base.conf"
	mkdir -p "$repo/Documentation"
	does caught 0 "3 passed" "$s/mutants.sh" || return 1
	many=$(dirname "$repo"/results/*/stress)/many
	mkdir -p "$many"
	{
		seq -f "same     pass       pass       many.test.%g" 120
		echo "same     pass       pass       many.test.1: a line"
		echo "same     skip       skip       many.test.2: a line"
		echo "same     fail       fail       many.test.2: a second"
		echo "same     skip       skip       many.test.2: a third"
		echo "same     fail       fail       many.test.0"
		echo "same     skip       skip       many.skip.1"
		echo "same     skip       skip       many.skip.2"
	} >"$many/table"
	printf 'many.skip.%s: %s\n' 1 "no reflink (base)" 1 "no reflink (patched)" 2 "no reflink (patched)" 9 "other (patched)" \
		>"$many/notrun"
	does same 0 "suites" "$s/suite-table.sh" || return 1
	grep -qx "2 of 2 caught on .*::" "$repo/Documentation/suites.rst" &&
		grep -qx "Passed on both: 120 tests and 1 lines of programs::" "$repo/Documentation/suites.rst" &&
		grep -qx "Skipped on both: 2 tests::" "$repo/Documentation/suites.rst" &&
		[[ $(grep -cE "^ +([0-9]+ no reflink|[0-9]+ other)$" "$repo/Documentation/suites.rst") -eq 1 ]] &&
		grep -qx "      2 no reflink" "$repo/Documentation/suites.rst" &&
		grep -qx "    many.skip.1 many.skip.2" "$repo/Documentation/suites.rst" &&
		grep -qE "^    same +fail +fail +many.test.0$" "$repo/Documentation/suites.rst" &&
		grep -qE "^    same +skip +skip +many.test.2: 2 lines$" "$repo/Documentation/suites.rst" &&
		grep -qE "^    same +fail +fail +many.test.2: a second$" "$repo/Documentation/suites.rst" &&
		! grep -q "third" "$repo/Documentation/suites.rst" &&
		grep -qE "^    many.test.1 many.test.2 " "$repo/Documentation/suites.rst"
}
check "a page of all, long tables shortened" table
kept() {
	local page=$repo/Documentation/suites.rst
	cp "$page" "$tmp/page"
	rm -r "$many" "${many%/*}/mutants"
	sed -i 's/series [0-9a-f]*::$/series 0123456789ab::/' "$page"
	does same 0 "suites" "$s/suite-table.sh" || return 1
	# The suites that have results are of this state again, the others are not.
	diff <(sed -E '/^(many|mutants)$/,/::$/s/series [0-9a-f]*::$/series 0123456789ab::/' "$tmp/page") "$page"
}
check "a suite that was not run again keeps its part" kept
mutants_only() {
	rm -rf "$repo"/results/*/
	does same 1 "no suite has been compared" "$s/suite-table.sh" || return 1
	does caught 0 "3 passed" "$s/mutants.sh" || return 1
	sed -i 's/series [0-9a-f]*::$/series 0123456789ab::/' "$repo/Documentation/suites.rst"
	does same 0 "0 suites" "$s/suite-table.sh" || return 1
	grep -E "^2 of 2 caught on .*::$" "$repo/Documentation/suites.rst" | grep -vq 0123456789ab
}
check "mutants are enough for a page" mutants_only
check "no minutes" does same 1 "MINUTES=0" env MINUTES=0 "$s/suite.sh" stress
check "no suite" does same 1 "no suite 'fish'" "$s/suite.sh" fish
finish
