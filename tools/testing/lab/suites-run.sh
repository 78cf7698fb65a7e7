#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suites-run.sh
#
# Tests suite-xfstests.sh, suite-ndctl.sh and rootfs.sh with stand-ins for the
# builds, the guest, Debian and ndctl. KTAP on stdout.

# shellcheck disable=SC2317 # check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
export O=$tmp/O CACHE=$tmp/cache CONFIG='' DRY='' V='' MODES='' ROLE=''
unset FS GROUP TESTS EXCLUDE LIMIT SHARD PART XFSTESTS NDCTL
repo=$tmp/repo
mkdir -p "$repo"/{patches,tools,Documentation} "$O/vm" "$tmp/bin"
cp -a "$vm/../../../scripts" "$repo/"
cp -a "$vm/.." "$repo/tools/testing"
: >"$repo/series"
cp "$vm/../../../patches/base.conf" "$repo/patches/"
run=$repo/scripts/suite-xfstests.sh
PATH=$tmp/bin:$PATH

stand_in() {
	cat >"$1"
	chmod +x "$1"
}

for script in prepare build; do
	stand_in "$repo/scripts/$script.sh" <<<'#!/bin/sh'
done
stand_in "$repo/scripts/nvdimm-modules.sh" <<'E'
#!/bin/sh
mkdir -p "$2/modules" && echo key >"$2/modules.key"
E
stand_in "$tmp/bin/mksquashfs" <<'E'
#!/bin/sh
while [ "$2" != -noappend ]; do shift; done
echo image >"$1"
E

stand_in "$tmp/bin/mmdebstrap" <<'E'
#!/usr/bin/env bash
[[ $ROLE != no-mirror ]] || { echo "E: no mirror"; exit 1; }
echo ran >>"${O%/O}/boots"
mkdir -p "${!#}"/{etc/pam.d,tmp,usr/share/base-passwd,usr/bin}
echo 'root:x:0:0::/root:/bin/sh' | tee "${!#}"/usr/share/base-passwd/{passwd,group}.master >/dev/null
E

# A guest: each test passes unless "MODE TEST RESULT" in $tmp/results says
# otherwise; "die" ends the guest in that test, "stop" is the user's Ctrl-C.
stand_in "$repo/tools/testing/vm/test.sh" <<'E'
#!/usr/bin/env bash
while [[ $# -gt 0 ]]; do
	case $1 in
	--mode) mode=$2 ;;
	--plan) plan=$2 ;;
	--results) results=$2 ;;
	--input) input=$2 ;;
	esac
	shift
done
tmp=${O%/O}
echo "$mode $(paste -sd' ' "$input")" >>"$tmp/boots"
[[ $ROLE != nothing ]] || exit 1
[[ $ROLE != no-list ]] || echo "$plan.sh.list" >"$input"
{ echo "# plan $plan"; echo "1..$(wc -l <"$input")"; } >"$results/ktap.raw"
n=0
while read -r test; do
	n=$((n + 1))
	echo "[    1.000000] lab: begin $plan.$test" >>"$results/serial.log"
	what=$(awk -v m="$mode" -v t="$test" '($1 == m || $1 == "any") && $2 == t { print $3; exit }' "$tmp/results")
	case $what in
	die) break ;;
	stop) sed -i "/$test stop/d" "$tmp/results"; exit 130 ;;
	hang)
		# One that needs a while to end.
		trap 'sleep 0.5; exit 143' TERM
		echo $$ >>"$tmp/hangs"
		sleep 60 &
		wait
		;;
	once) sed -i "/$test once/d" "$tmp/results"; what=fail ;;
	in[2-9]) sed -i "s/^$mode $test $what/$mode $test in$((${what#in} - 1))/" "$tmp/results" ;;
	in1) sed -i "/^$mode $test in1/d" "$tmp/results"; what=fail ;;
	esac
	echo "[    1.100000] lab: end $plan.$test" >>"$results/serial.log"
	case $what in
	fail) echo "  # reason failed"; echo "not ok $n $plan.$test" ;;
	skip) echo "ok $n $plan.$test # SKIP not for this file system" ;;
	*) echo "ok $n $plan.$test" ;;
	esac >>"$results/ktap.raw"
done <"$input"
[[ $what == die ]] || printf '[    2.0] lab: done %s\n[    2.1] lab: down\n' "$n" >>"$results/serial.log"
"${BASH_SOURCE[0]%/*}/judge.sh" "$mode" "$results"
E

# An xfstests with a few tests.
tree=$tmp/xfstests
mkdir -p "$tree"/{common,ltp,src,tests/{generic,ext4,xfs}}
for file in check common/{config,rc,preamble}; do echo x >"$tree/$file"; done
for file in ltp/fsstress ltp/fsx src/feature src/t_mmap_dio; do stand_in "$tree/$file" <<<'#!/bin/sh'; done
echo '001 auto quick' >"$tree/tests/generic/group.list"
printf '413 auto quick dax\n470 auto dax\n503 dax\n' >>"$tree/tests/generic/group.list"
echo '030 auto dax' >"$tree/tests/ext4/group.list"
echo '550 auto dax' >"$tree/tests/xfs/group.list"
for file in generic/{001,413,470,503} ext4/030 xfs/550; do echo '_begin_fstest auto' >"$tree/tests/$file"; done
echo '_require_test_program "no_such"' >>"$tree/tests/generic/001"
export XFSTESTS=$tree

# suite STATUS TEXT RESULTS [VAR=VALUE...]: a run from the start.
suite() {
	rm -rf "$repo/results"
	: >"$tmp/boots"
	echo "$3" >"$tmp/results"
	says "$1" "$2" env "${@:4}" "$run"
}

# goes_on: what was done before the Ctrl-C stays; the test that it met does not
# count and runs again.
goes_on() {
	suite 130 "SHARD" "base ext4.generic.470 stop" FS=ext4 || return 1
	: >"$tmp/boots"
	says 0 "4 same, 0 fixed, 0 broken, 0 flaky" env FS=ext4 "$run" || return 1
	grep -q "RESUME  1 results are there" "$tmp/says" || return 1
	grep -qx "base ext4.generic.470 ext4.generic.503 ext4.ext4.030" "$tmp/boots"
}

# A panic costs the test that it was in, not those behind it.
dies() {
	suite 1 "broken" "patched ext4.generic.470 die" FS=ext4 || return 1
	grep -q "^broken .*pass .*fail .*xfstests.ext4.generic.470" "$tmp/says" || return 1
	grep -q "^patched ext4.generic.503 ext4.ext4.030$" "$tmp/boots"
}

sharded() {
	suite 0 "4 same" "" FS=ext4 SHARD=3 || return 1
	[[ $(wc -l <"$tmp/boots") -eq 4 ]] && grep -q "about .* min left" "$tmp/says"
}

# Two guests have different tests, and the kernels take turns.
two_guests() {
	suite 0 "4 same" "" FS=ext4 SHARD=2 GUESTS=2 || return 1
	[[ $(sort "$tmp/boots" | uniq | wc -l) -eq 4 && $(head -n 2 "$tmp/boots" | cut -d' ' -f1 | sort | paste -sd' ') == "base patched" ]]
}

# Two pieces of a group do not mix, and each keeps its command.
pieces() {
	local results
	suite 0 "1 same" "" FS=xfs "EXCLUDE=generic/*" PART=xfs || return 1
	says 0 "3 same" env FS=xfs "EXCLUDE=xfs/*" PART=generic CONFIG=plain "$run" || return 1
	results=$(echo "$repo"/results/*)
	[[ $(grep -c . "$results/xfstests-xfs/table") -eq 2 && $(grep -c . "$results/xfstests-plain-generic/table") -eq 4 ]] &&
		grep -q " PART=xfs$" "$results/xfstests-xfs/command" &&
		grep -q " PART=generic CONFIG=plain$" "$results/xfstests-plain-generic/command"
}

# Signals to the script, or to its group, end all of its guests. make, that has one,
# hands it on.
killed() {
	local pid guest waited=0
	rm -rf "$repo/results" "$tmp/hangs"
	echo "any ext4.generic.470 hang" >"$tmp/results"
	set -m
	FS=ext4 GUESTS=2 "$run" >"$tmp/says" 2>&1 &
	set +m
	pid=$!
	until [[ $(grep -c . "$tmp/hangs" 2>/dev/null) -eq 2 || $waited -eq 200 ]]; do
		sleep 0.1
		waited=$((waited + 1))
	done
	kill -- "$1$pid"
	sleep 0.2
	kill "$pid"
	! wait "$pid" || return 1
	while read -r guest; do
		! kill -0 "$guest" 2>/dev/null || return 1
	done <"$tmp/hangs"
	[[ $(grep -c . "$tmp/hangs") -eq 2 ]]
}

# Results of another tree are kept, and not continued.
other_tree() {
	suite 0 "4 same" "" FS=ext4 || return 1
	echo y >>"$tree/check"
	says 0 "results of another state are in" env FS=ext4 "$run" || return 1
	compgen -G "$repo/results/*/xfstests-*/table" >/dev/null
}

without() {
	mv "$tree/$1" "$tmp/away"
	says 1 "$2" env FS=ext4 "$run"
	local status=$?
	mv "$tmp/away" "$tree/$1"
	return "$status"
}

# A table is of the tests of its command, whatever ran there before.
narrowed() {
	suite 1 "3 same, 0 fixed, 1 broken" "patched ext4.ext4.030 fail" FS=ext4 || return 1
	says 0 "1 same, 0 fixed, 0 broken, 0 flaky" env FS=ext4 TESTS=generic/413 "$run" || return 1
	[[ $(grep -c . "$repo"/results/*/xfstests/table) -eq 2 ]] || return 1
	says 1 "3 same, 0 fixed, 1 broken, 0 flaky" env FS=ext4 "$run"
}

echo "KTAP version 1"
check "no XFSTESTS" says 1 "XFSTESTS= is not set" env XFSTESTS= "$run"
check "no such tree" says 1 "no directory" env XFSTESTS="$tmp/none" "$run"
check "not built" without ltp/fsstress "there is no ltp/fsstress"
check "no list of tests" without tests/xfs/group.list "there is no tests/xfs/group.list"
check "no such file system" says 1 "no file system FS=btrfs" env FS=btrfs "$run"
check "no such limit" says 1 "LIMIT=soon" env LIMIT=soon "$run"
check "no name for a directory" says 1 "PART=../x" env PART=../x "$run"
check "no test is left" suite 1 "not one test to run" "" FS=ext4 "EXCLUDE=*"
check "a test that is not there" suite 1 "parts of $tree are missing" "" FS=ext4 TESTS=generic/999
check "a program that is not there" suite 0 "src/no_such: tests/generic/001 will not run" "" FS=ext4 GROUP=quick
check "equal kernels" suite 0 "4 same, 0 fixed, 0 broken, 0 flaky" "" FS=ext4
check "all file systems by default" suite 0 "16 same, 0 fixed" ""
check "a group" suite 0 "2 same, 0 fixed" "" FS=ext4 GROUP=quick
check "not these" suite 0 "2 same, 0 fixed" "" FS=xfs "EXCLUDE=generic/4*"
check "fewer tests than before" narrowed
check "a test is broken" suite 1 "3 same, 0 fixed, 1 broken, 0 flaky" "patched ext4.ext4.030 fail" FS=ext4
check "it ran three times" test "$(grep -c '^patched.* ext4.ext4.030' "$tmp/boots")" -eq 3
check "a test is fixed" suite 0 "3 same, 1 fixed, 0 broken, 0 flaky" "base ext4.ext4.030 fail" FS=ext4
check "a test is flaky" suite 0 "3 same, 0 fixed, 0 broken, 1 flaky" "base ext4.ext4.030 once" FS=ext4
check "on the base, too, but later" suite 0 "3 same, 0 fixed, 0 broken, 1 flaky" \
	$'patched ext4.ext4.030 once\nbase ext4.ext4.030 in6' FS=ext4
runs_of_base() { [[ $(grep -c '^base .*ext4.ext4.030' "$tmp/boots") -eq $1 ]]; }
check "after which it is not run again" runs_of_base 6
check "only when patched" suite 1 "3 same, 0 fixed, 1 broken, 0 flaky" "patched ext4.ext4.030 once" FS=ext4
check "a skip is said to be one" suite 0 "2 skipped:" "any ext4.ext4.030 skip" FS=ext4
check "with its reason" grep -q "ext4.ext4.030: not for this file system (base)" "$repo"/results/*/xfstests/notrun
check "skipped on one of them" suite 1 "3 same, 0 fixed, 1 broken" "patched ext4.ext4.030 skip" FS=ext4
check "the guest dies" dies
check "no result at all" suite 1 "the base kernel gave no result" "" FS=ext4 ROLE=nothing
check "the guest knows no test" suite 1 "the base kernel ran none of the tests" "" FS=ext4 ROLE=no-list
check "a group in pieces" pieces
check "several boots" sharded
check "interrupted" goes_on
check "two guests at a time" two_guests
check "killed, and no guest is left" killed ""
check "killed with its group, and no guest is left" killed -
check "no guests" suite 1 "GUESTS=0" "" FS=ext4 GUESTS=0
check "no processors" suite 1 "CPUS=two" "" FS=ext4 CPUS=two
check "another tree" other_tree
check "a page of it" says 0 "1 suites" "$repo/scripts/suite-table.sh"
check "one kernel only" suite 0 "skipped" "" FS=ext4 MODES=patched
check "no such kernel" suite 1 "MODES='pached'" "" FS=ext4 MODES=pached

# --- ndctl
run=$repo/scripts/suite-ndctl.sh
mkdir -p "$tmp/ndctl-81" "$CACHE"
echo x >"$tmp/ndctl-81/meson.build"
tar -czf "$tmp/ndctl.tar.gz" -C "$tmp" ndctl-81
sed -i "s/^SHA256=.*/SHA256=$(sha256sum <"$tmp/ndctl.tar.gz" | cut -d' ' -f1)/" "$repo/tools/testing/suites/ndctl.conf"
stand_in "$tmp/bin/ninja" <<<'#!/bin/sh'
stand_in "$tmp/bin/meson" <<'E'
#!/usr/bin/env bash
[[ $1 == introspect ]] || exit 0
echo '['
for n in {1..35}; do
	echo '{"name":"t'$n'.sh","cmd":["'"$O"'/ndctl/src/test/t'$n'.sh"],"suite":["ndctl:dax"]},'
done
echo '{"name":"mmap.sh","cmd":["x"],"suite":["ndctl:ndctl"]},{"name":"cxl.sh","cmd":["x"],"suite":["ndctl:cxl"]}]'
E
export NDCTL=$tmp/ndctl.tar.gz
check "ndctl: equal kernels" suite 0 "36 same, 0 fixed, 0 broken, 0 flaky" ""
check "ndctl: the commands are those of the guest" grep -qP '^dax.t1.sh\t/suite/src/test/t1.sh$' "$O/ndctl/tests"
check "ndctl: a test is broken" suite 1 "35 same, 0 fixed, 1 broken, 0 flaky" "patched ndctl.mmap.sh fail"
check "ndctl: a skip on one is broken" suite 1 "35 same, 0 fixed, 1 broken" "patched ndctl.mmap.sh skip"
check "ndctl: an unlisted skip is red" suite 1 "skipped, and no list says so" "any ndctl.mmap.sh skip"
echo "ndctl.ndctl.mmap.sh skip no such memory" >>"$repo/tools/testing/expect/ndctl"
check "ndctl: unless it is listed" suite 0 "36 same, 0 fixed, 0 broken, 0 flaky" "any ndctl.mmap.sh skip"
check "ndctl: these only" suite 0 "1 same, 0 fixed" "any ndctl.mmap.sh skip" TESTS=mmap.sh
check "ndctl: no such test" suite 1 "no test none.sh" "" "TESTS=mmap.sh none.sh"
touch "$tmp/some.sh"
check "ndctl: not these, wherever it is called" suite 1 "leave none" "" -C "$tmp" "EXCLUDE=*.sh"
check "ndctl: another tarball" suite 1 "is not ndctl 81" "" NDCTL="$tmp/boots"
check "ndctl: no tarball" suite 1 "no NDCTL=/nonexistent" "" NDCTL=/nonexistent

# --- the root image
run=$repo/tools/testing/vm/rootfs.sh
rm -f "$O"/vm/rootfs.*
check "root image: no mirror" suite 1 "E: no mirror" "" ROLE=no-mirror
check "root image: made" suite 0 "ROOTFS" ""
check "root image: again" suite 0 "" ""
check "root image: it was there" test ! -s "$tmp/boots"
echo jq >>"$repo/tools/testing/suites/rootfs.packages"
check "root image: another list" suite 0 "ROOTFS" ""
rm "$tmp/bin/mmdebstrap"
mkdir "$tmp/some"
ln -s /usr/bin/{bash,sed,mkdir,dirname,nproc} "$tmp/some/"
check "root image: no mmdebstrap" suite 1 "no mmdebstrap on this machine" "" PATH="$tmp/bin:$tmp/some"
finish
