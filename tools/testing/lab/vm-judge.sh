#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: vm-judge.sh
#
# Tests judge.sh on logs made up here: a good run, and then for each rule the
# same run with one thing wrong. KTAP on stdout.

# shellcheck disable=SC2016 # the dollars are of sed
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
export O=$tmp ARCH=x86_64 CONFIG='' PLANS=$tmp/plans EXPECT=$tmp/expect

# The good run: one test passes, one is todo, one is skipped; two suites.
good() {
	rm -rf "$tmp/r"
	mkdir -p "$tmp/r" "$PLANS"
	printf '# comment\next4\tfsdax\t/mnt/ext4\nxfs fsdax /mnt/xfs\n' >"$PLANS/plan"
	cat >"$EXPECT" <<-'E'
	# id	kind	reason
	ext4.map.t?do	todo	counts are <&> there yet
	xfs.*	skip	no such memory
	E
	cat >"$tmp/r/ktap.raw" <<-'E'
	KTAP version 1
	# plan plan
	# filter *
	# kernel 6.12.117-dax #1
	1..3
	  KTAP version 1
	  ok 1 map.pass
	  # elapsed 0.25
	ok 1 ext4.map.pass
	  not ok 1 map.todo <&">
	  # elapsed 0.30
	  # reason failed
	not ok 2 ext4.map.todo
	ok 3 xfs.map.skip # SKIP no memory
	E
	cat >"$tmp/r/serial.log" <<-'E'
	[    0.000000] Linux version 6.12.117-dax
	[    1.000000] lab: init
	[    2.000000] lab: begin ext4.map.pass
	[    2.100000] pmem: something harmless
	[    2.200000] lab: end ext4.map.pass
	[    2.300000] lab: begin ext4.map.todo
	[    2.400000] lab: end ext4.map.todo
	[    2.500000] lab: begin xfs.map.skip
	[    2.600000] lab: end xfs.map.skip
	[    2.700000] lab: done 3
	[    2.800000] lab: down
	E
}

# wrong NAME STATUS TEXT FILE SED [base]: the good run changed by SED must be
# judged so; as one of the base, with fail for todo in the list.
wrong() {
	good
	sed -i "$5" "$4"
	if [[ $1 != "nothing is wrong" ]] && ! changed "$4"; then
		check "$1" false
		return
	fi
	[[ -z ${6:-} ]] || sed -i 's/\ttodo/\tfail/' "$EXPECT"
	check "$1" says "$2" "$3" "$vm/judge.sh" "${6:-patched}" "$tmp/r"
}

# A rule is only tested if the fixture really differs from the good run.
changed() {
	local now
	now=$(cat "$1")
	good
	[[ $now != "$(cat "$1")" ]] || return 1
	printf '%s\n' "$now" >"$1"
}

serial=$tmp/r/serial.log ktap=$tmp/r/ktap.raw
echo "KTAP version 1"
wrong "nothing is wrong" 0 "1 passed, 0 failed, 2 skipped" "$serial" ''
check "slice holds the test's lines" grep -q harmless "$tmp/r/log/ext4.map.pass.log"
check "slice holds no other lines" bash -c "! grep -q Linux '$tmp'/r/log/*"
check "todo directive" grep -qx 'not ok 2 ext4.map.todo # TODO counts are <&> there yet' "$tmp/r/ktap.log"
check "verdict" grep -q '^pass patched, plan plan.*: 1 passed' "$tmp/r/verdict"
check "junit is escaped" grep -q 'message="TODO counts are &lt;&amp;&gt; there yet"' "$tmp/r/junit.xml"

wrong "a failing test" 1 "FAILED ext4.map.pass: failed" "$ktap" \
	's/^ok 1 ext4.map.pass/  # reason failed\nnot ok 1 ext4.map.pass/'
check "rerun command" says 1 "again: tools/testing/vm/test.sh --mode patched --test 'ext4.map.pass'" \
	"$vm/judge.sh" patched "$tmp/r"
check "rerun command elsewhere" says 1 "again: ARCH=powerpc CONFIG=none tools/testing/vm/test.sh" \
	env ARCH=powerpc CONFIG=none "$vm/judge.sh" patched "$tmp/r"
check "junit counts" grep -q 'tests="3" failures="1" skipped="2"' "$tmp/r/junit.xml"
check "junit shows the failure" grep -q '<failure message="failed"' "$tmp/r/junit.xml"
# One sample for each line of splats, which no other line matches.
samples=0
while IFS='|' read -r name text; do
	samples=$((samples + 1))
	wrong "splat in a test: $name" 1 "FAILED ext4.map.pass: $text" "$serial" \
		"s|pmem: something harmless|$text|"
done <<'E'
warning|WARNING: CPU: 0 PID: 9 at mm/gup.c:1 f+0x1/0x2
bug|BUG: sleeping function called from invalid context
lockdep|INFO: possible recursive locking detected
lockdep key|INFO: trying to register non-static key.
hung task|INFO: task x:1 blocked for more than 60 seconds.
stall|INFO: rcu_tasks detected stalls on tasks:
rcu stall|rcu: rcu_preempt detected stalls on CPUs/tasks
rcu usage|suspicious RCU usage
lock state|DEBUG_LOCKS_WARN_ON(1)
bug at|kernel BUG at mm/gup.c:1!
oops|Oops: 0000 [#1] PREEMPT SMP
panic|Kernel panic - not syncing: x
gp|traps: general protection fault in x
fault|unhandled page fault
bad page|Bad page state in process x  pfn:1
page table|mm/pgtable-generic.c:61: bad pud 00000000f00dcafe(80000001400008e7)
rss|Bad rss-counter state mm:1 type:MM_FILEPAGES val:1
swap|get_swap_device: Bad swap file entry 1
refcount|refcount_t: underflow; use-after-free.
list|list_add corruption. prev->next should be next
sanitizer|KASAN: slab-use-after-free in f
page table check|page_table_check: x
trace|Call Trace:
ext4|EXT4-fs error (device pmem0p1): x
xfs|XFS (pmem2): Metadata corruption detected at x
xfs shutdown|XFS (pmem2): Log I/O Error (0x2) detected at xfs_buf_ioend+0x1/0x2
E
# What xfs says of a device that goes, or when it is told to stop, is no splat.
for text in "Block device removal (0x20) detected at xfs_fs_shutdown+0x1/0x2" \
	"Metadata I/O Error (0x4) detected at xfs_dax_notify_ddev_failure+0x1/0x2" \
	"Metadata I/O Error (0x4) detected at xfs_fs_goingdown+0x1/0x2"; do
	wrong "xfs is shut down on purpose" 0 "1 passed, 0 failed, 2 skipped" "$serial" \
		"s|pmem: something harmless|XFS (pmem1): $text|"
done
allowed() { export ALLOW='EXT4-fs error .*: Out of memory'; wrong "$@"; unset ALLOW; }
allowed "a splat that is allowed" 0 "1 passed, 0 failed, 2 skipped" "$serial" \
	"s|pmem: something harmless|EXT4-fs error (device pmem0p1) in f:1: Out of memory|"
allowed "and another that is not" 1 "FAILED ext4.map.pass: EXT4-fs error" "$serial" \
	"s|pmem: something harmless|EXT4-fs error (device pmem0p1) in f:1: Corrupt|"
check "a sample for each line of splats" test $samples -eq "$(wc -l <"$vm/splats")"
wrong "splat in a todo test is not excused" 1 "expects todo without a splat: WARNING: here" "$serial" \
	's/^.*lab: end ext4.map.todo/[    2.35] WARNING: here\n&/'
wrong "splat with lab: in its text" 1 "FAILED ext4.map.pass: WARNING: slab: here" "$serial" \
	"s|pmem: something harmless|WARNING: slab: here|"
wrong "splat in a failing test of the base" 0 "2 passed, 0 failed, 1 skipped" "$serial" \
	's/^.*lab: end ext4.map.todo/[    2.35] WARNING: here\n&/' base
wrong "splat right after a test is not the test's" 1 "outside of any test, the first: WARNING: late" \
	"$serial" 's/^.*lab: end ext4.map.pass/&\n[    2.25] WARNING: late/'
wrong "splat outside of tests" 1 "splats outside of any test, the first: WARNING: boot" "$serial" \
	's/^.*lab: init/[    0.9] WARNING: boot\n&/'
wrong "a bad page map that is not allowed" 1 "FAILED ext4.map.pass: BUG: Bad page map in process x" "$serial" \
	"s|pmem: something harmless|BUG: Bad page map in process x  pmd:1|"
wrong "an allowed bad page map" 0 "1 passed" "$serial" \
	"s|pmem: something harmless|lab: allow bad page map\n[    2.1] BUG: Bad page map in process x  pmd:1\n[    2.1] Call Trace:|"
wrong "something else beside it" 1 "FAILED ext4.map.pass: WARNING: no" "$serial" \
	"s|pmem: something harmless|lab: allow bad page map\n[    2.1] WARNING: no|"
wrong "no done line" 1 "did not say that it is done" "$serial" '/lab: done/,$d'
wrong "not down" 1 "did not come down cleanly" "$serial" '/lab: down/d'
wrong "log ends in a test" 1 "FAILED xfs.map.skip: failed, but" "$ktap" '/xfs.map.skip/d'
wrong "results missing" 1 "1 of 3 planned tests have no result" "$ktap" '/xfs.map.skip/d'
wrong "no plan line" 1 "no plan line" "$ktap" '/^1\.\./d'
good
sed -i '1!d' "$ktap"
sed -i '/lab: begin/d' "$serial"
check "no results, no marks" says 1 "not one test ran" "$vm/judge.sh" patched "$tmp/r"
wrong "a result lost on the way" 1 "the guest ran 4 tests and reported 3" "$serial" 's/lab: done 3/lab: done 4/'
wrong "result twice" 1 "two results for ext4.map.pass" "$ktap" 's/^ok 3 .*/ok 3 ext4.map.pass/'
wrong "no mark" 1 "no mark in the kernel's log for xfs.map.skip" "$serial" '/xfs.map.skip/d'
wrong "unlisted skip" 1 "skipped, and no list says so" "$EXPECT" '/xfs/d'
wrong "skip listed as todo" 1 "skipped, but" "$EXPECT" 's/skip/todo/'
wrong "surprising pass of a todo" 1 "FAILED ext4.map.todo: passed, but" "$ktap" \
	's/^not ok 2/ok 2/'
wrong "surprising pass of a skip" 1 "FAILED xfs.map.skip: passed, but" "$ktap" 's/ # SKIP.*//'
wrong "a skip that may be one" 0 "1 passed, 0 failed, 2 skipped" "$EXPECT" 's/\tskip/\tmayskip/'
sed -i 's/ # SKIP.*//' "$ktap"
check "or pass" says 0 "2 passed, 0 failed, 1 skipped" "$vm/judge.sh" patched "$tmp/r"
sed -i 's/^ok 3/  # reason failed\nnot ok 3/' "$ktap"
check "or fail" says 1 "FAILED xfs.map.skip: failed" "$vm/judge.sh" patched "$tmp/r"
wrong "unlisted failure" 1 "FAILED ext4.map.todo: failed" "$EXPECT" '/todo/d'
wrong "entry matching nothing" 1 "ext4.gone matches no test" "$EXPECT" \
	'$a ext4.gone todo it went away'
wrong "entry without a reason" 1 "not '<test id> todo|skip|mayskip <reason>'" "$EXPECT" \
	'$a ext4.map.pass todo'
wrong "entry of no known kind" 1 "not '<test id> todo|skip|mayskip <reason>'" "$EXPECT" \
	'$a ext4.map.pass maybe some day'
wrong "suite missing" 1 "no test of suite devdax has run" "$PLANS/plan" '$a devdax devdax /dev/dax1.0'
wrong "fail as listed" 0 "2 passed, 0 failed, 1 skipped" "$serial" 's/harmless/done/' base
wrong "fail has no place in the list of the patched kernel" 1 "not '<test id> todo|skip|mayskip <reason>'" \
	"$EXPECT" 's/todo/fail/'
wrong "pass although listed to fail" 1 "FAILED ext4.map.pass: passed, but" "$EXPECT" \
	'$a ext4.map.pass\tfail differs' base
good
grep todo "$EXPECT" >"$tmp/also"
sed -i /todo/d "$EXPECT"
check "what is todo is so on the base" env ALSO="$tmp/also" \
	bash -c "'$vm/judge.sh' base '$tmp/r' | grep -qx '1 passed, 0 failed, 2 skipped'"
# What has to fail has to do so in the way that was recorded.
wrong "a todo test that was killed" 1 "not failed but: killed: the limit is 120 s" "$ktap" \
	's/reason failed/reason killed: the limit is 120 s/'
wrong "a todo test that taints" 1 "not failed but: failed, kernel tainted: B" "$ktap" \
	's/reason failed/reason failed, kernel tainted: B/'
wrong "a test of the base that crashes" 1 "not failed but: exit status 139" "$ktap" \
	's/reason failed/reason exit status 139, no result/' base
wrong "another assertion of a todo test" 1 "other assertions than in" "$ktap" \
	's/^  # reason failed/  # a.c:12:todo:Expected 1 (1) == x (0)\n&/'
good
sed -i 's/^  # reason failed/  # a.c:12:todo:Expected 1 (1) == x (0)\n&/' "$ktap"
check "record" says 0 "1 passed, 0 failed, 2 skipped" "$vm/judge.sh" --record patched "$tmp/r"
sed -i 's/a.c:12:todo:Expected 1 (1) == x (0)/a.c:34:todo:Expected 1 (1) == x (5)/' "$ktap"
check "the same assertion, other values" says 0 "1 passed, 0 failed, 2 skipped" "$vm/judge.sh" patched "$tmp/r"
sed -i 's/ == x/ != x/' "$ktap"
check "the assertion inverted" says 1 "other assertions than in" "$vm/judge.sh" patched "$tmp/r"
printf 'ext4.map.todo\t*\tdepends on the allocator\n' >"$EXPECT.assertions"
check "assertions that vary" says 0 "1 passed, 0 failed, 2 skipped" "$vm/judge.sh" patched "$tmp/r"
check "and stay so when recorded" says 0 "1 passed, 0 failed, 2 skipped" "$vm/judge.sh" --record patched "$tmp/r"
check "in one line" grep -qx 'ext4.map.todo.[*].depends on the allocator' "$EXPECT.assertions"
cp "$EXPECT.assertions" "$tmp/before"
sed -i 's/^# filter .*/# filter ext4.*/' "$ktap"
check "a part is not recorded" says 1 "is not of all tests" "$vm/judge.sh" --record patched "$tmp/r"
check "and loses nothing" cmp "$tmp/before" "$EXPECT.assertions"
rm "$EXPECT.assertions"
good
rm "$ktap"
check "no file" says 1 "error: no $ktap" "$vm/judge.sh" patched "$tmp/r"
finish
