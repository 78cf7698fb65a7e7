# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Runs the tests of a suite in bounded boots of both kernels, goes on where it
# was interrupted, and compares. Sourced by suite-*.sh, which set
#
#   suite		its name: the plan of the guest and the results
#   wanted		names of all tests without the suite's
#   state		whatever makes old results useless when it changes
#   expect_lines	what judge.sh may expect, see tools/testing/expect
#   command		what more there was on the command line
#   options		names of variables that only this suite knows
#
# and define guest MODE, which sets the array $guest to options of run.sh.
# suite.sh has the kernels and the comparison from here.

# shellcheck disable=SC2154 # see above
vm=$top/tools/testing/vm
# CONFIG= of the command line comes on top, with results of its own, as has PART=.
[[ " $CONFIG " == *" suites "* ]] || export CONFIG="suites${CONFIG:+ $CONFIG}"
[[ ${PART:-x} =~ ^[a-z][a-z0-9-]*$ ]] ||
	fail "PART=$PART cannot be used" "it is the end of the name of a directory: a-z, 0-9 and -" "PART=quick-ext4"
extra=${CONFIG#suites} extra=${extra// /-}${PART:+-$PART} named=${PART:+ PART=$PART}
[[ $CONFIG == suites ]] || named+=" CONFIG=${CONFIG#suites }"
read -ra modes <<<"${MODES:-base patched}"
[[ "${modes[*]}" =~ ^(base|patched|base patched|patched base)$ ]] ||
	fail "MODES='$MODES'" "the kernels are base and patched" "leave it out for both"

# suite_options LIMIT SHARD: seconds for a test and tests for a boot, if the
# command line does not say it.
suite_options() {
	limit=${LIMIT:-$1} size=${SHARD:-$2} guests=${GUESTS:-1}
	[[ $limit =~ ^[0-9]+$ && $limit -ge 60 && $size =~ ^[1-9][0-9]*$ && $guests =~ ^[1-9]$ ]] ||
		fail "LIMIT=$limit SHARD=$size GUESTS=$guests" \
			"LIMIT is 60 seconds or more, SHARD one test or more, GUESTS 1 to 9" "leave them out"
}

# excluded TEST: is it one of EXCLUDE=?
excluded() {
	local not globs
	# Split, and not expanded by what is in this directory.
	read -rd '' -a globs <<<"${EXCLUDE:-}" || :
	for not in "${globs[@]}"; do
		# shellcheck disable=SC2053 # globs are wanted
		[[ $1 != $not ]] || return 0
	done
	return 1
}

# suite_build "VERSION: WHAT", the version of the suite is kept for the table.
suite_build() {
	local mode
	version=${1%%:*}
	say SUITE "$1, $limit s each at most, kernels: ${modes[*]}"
	for mode in "${modes[@]}"; do
		"$top/scripts/prepare.sh" "$mode"
		"$top/scripts/build.sh" "$mode"
	done
	"$vm/rootfs.sh"
}

# pack IMAGE KEY SOURCE... [-OPTION of mksquashfs...]: an image, if KEY is new. One
# directory is its root, several are in it.
pack() {
	local image=$1 key=$2 sources=()
	[[ ! -f $image || ! -f $image.key || $(<"$image.key") != "$key" ]] || return 0
	shift 2
	while [[ $# -gt 0 && $1 != -* ]]; do
		sources+=("$1")
		shift
	done
	rm -f "$image.new"
	busy PACK "$image" mksquashfs "${sources[@]}" "$image.new" -noappend -all-root -comp gzip -no-progress \
		-quiet "$@" ||
		fail "could not pack ${sources[*]}" "see above" "look at df $O"
	mv "$image.new" "$image"
	echo "$key" >"$image.key"
}

# Results are continued only for the same state.
suite_begin() {
	local old name
	results=$top/results/$(series_hash)/$suite$extra
	expect=$results/expect
	state+=", limit $limit, configuration $(cat "$top"/tools/testing/config/*.config | sha256sum | cut -c1-12)"
	state+=", base $({ head -n 1 "$O/src/linux.stamp" 2>/dev/null || :; } | sha256sum | cut -c1-12)"
	lock "$results"
	if [[ -f $results/state && $(<"$results/state") != "$state" ]]; then
		old=$results-$(date -r "$results/state" +%Y%m%d-%H%M%S)
		say OLD "results of another state are in $old"
		mv "$results" "$old"
		lock "$results"
	fi
	echo "$state" >"$results/state"
	for name in TESTS EXCLUDE LIMIT SHARD GUESTS $options; do
		[[ -z ${!name:-} ]] || command+=" $name=${!name@Q}"
	done
	echo "make suite SUITE=$suite$command$named" >"$results/command"
	echo "$version" >"$results/version"
	printf "$suite.%s\n" "${wanted[@]}" >"$results/wanted"
	printf '%s' "$expect_lines" >"$expect"
	: >"$expect.assertions"
}

# claim DIR TEST...: the tests of a guest.
claim() {
	mkdir -p "$results/$1"
	printf '%s\n' "${@:2}" >"$results/$1/tests"
}

# boot MODE DIR: one guest; succeeds if it left at least one result.
boot() {
	local mode=$1 dir=$results/$2 status=0
	guest "$mode"
	EXPECT=$expect "$vm/test.sh" --mode "$mode" --plan "$suite" --results "$dir" "${guest[@]}" \
		--input "$dir/tests" --test-limit $((limit + 20)) \
		--plan-limit $((($(wc -l <"$dir/tests") + 1) * (limit + 60))) --silence $((limit + 90)) --boot-limit 600 --shutdown-limit 600 || status=$?
	[[ $status -ne 4 && $status -le 128 ]] || exit "$status"
	[[ -s $dir/ktap.log ]] && grep -qE "^(not )?ok [0-9]+ $suite\\." "$dir/ktap.log"
}

# logs MODE: the ktap.log of each boot, in order.
logs() {
	find "$results" -path "$results/$1-[0-9]*/ktap.log" -size +0 2>/dev/null | sort -V
}

done_in() {
	logs "$1" | xargs -r sed -nE "s/^(not )?ok [0-9]+ $suite\\.([^ ]+).*/\\2/p"
}

todo() {
	printf '%s\n' "${wanted[@]}" | grep -vxFf <(done_in "$1") || [[ $? -eq 1 ]]
}

# salvage MODE DIR: what an interrupted boot had done, but for the test it was in.
salvage() {
	local serial=$2/serial.log
	tr -d '\000' <"$serial" | awk '{ line[NR] = $0 } /lab: begin / { last = NR } /lab: end / { last = 0 }
		END { for (i = 1; i <= NR && (!last || i < last); i++) print line[i] }' >"$serial.new"
	mv "$serial.new" "$serial"
	EXPECT=$expect "$vm/judge.sh" "$1" "$2" >/dev/null || true
	sed -i '/^not ok [0-9]* run\.[0-9]*$/d' "$2/ktap.log"
	say SALVAGE "$(grep -cE '^(not )?ok ' "$2/ktap.log" || true) results of the interrupted ${2##*/}"
}

# left TESTS SPENT RAN: by what a test took so far, boots and guests included.
left() {
	[[ $3 -gt 0 ]] || { echo "at most $((($1 * limit + 59) / 60)) min left"; return; }
	echo "about $((($1 * $2 / $3 + 59) / 60)) min left"
}

# unclaimed MODE: tests without a result that no running guest has.
unclaimed() {
	local dir claimed=()
	for dir in "${running[@]}"; do
		[[ $dir != "$1-"* ]] || claimed+=("$results/$dir/tests")
	done
	todo "$1" | grep -vxFf <(cat "${claimed[@]}" /dev/null) || [[ $? -eq 1 ]]
}

# Each guest is a group of processes, which an interrupt does not reach. A second
# signal, make's, must not end this.
stop_guests() {
	local pid tries
	trap '' HUP INT TERM
	for pid in "${!running[@]}"; do
		for ((tries = 0; tries < 100; tries++)); do
			kill -TERM -- "-$pid" 2>/dev/null || break
			sleep 0.1
		done
	done
}

# start: a guest with the next tests of the kernel that has more of them; fails
# if there are none.
start() {
	local mode dir n=0 which tests=() more=() prefix=''
	for which in "${modes[@]}"; do
		mapfile -t more < <(unclaimed "$which")
		[[ ${#more[@]} -le ${#tests[@]} ]] || mode=$which tests=("${more[@]}")
	done
	[[ ${#tests[@]} -gt 0 ]] || return
	while [[ -e $results/$mode-$n ]]; do n=$((n + 1)); done
	dir=$mode-$n
	say SHARD "$dir: ${#tests[@]} tests to go on $mode, $total in all, $(left "$total" "$((SECONDS - began))" "$ran")"
	claim "$dir" "${tests[@]:0:size}"
	[[ $guests -eq 1 ]] || prefix="$dir "
	set -m
	{
		set +m
		boot "$mode" "$dir" 2>&1 | sed -u "s/^/$prefix/"
	} </dev/null &
	set +m
	running[$!]=$dir
}

suite_run() {
	local mode dir total=0 ran=0 began=$SECONDS have now pid status
	local -A running=()
	if [[ $DRY == 1 ]]; then
		for mode in "${modes[@]}"; do
			guest "$mode"
			run "$vm/test.sh" --mode "$mode" --plan "$suite" "${guest[@]}"
		done
		return
	fi
	for mode in "${modes[@]}"; do
		for dir in "$results/$mode"-[0-9]*; do
			[[ ! -s $dir/ktap.raw || -e $dir/ktap.log ]] || salvage "$mode" "$dir"
		done
		total=$((total + $(todo "$mode" | wc -l)))
	done
	have=$((${#wanted[@]} * ${#modes[@]} - total))
	[[ $have -eq 0 ]] || say RESUME "$have results are there"
	trap stop_guests EXIT
	while :; do
		while [[ ${#running[@]} -lt $guests ]] && start; do :; done
		[[ ${#running[@]} -gt 0 ]] || break
		status=0
		wait -n -p pid "${!running[@]}" || status=$?
		dir=${running[$pid]} mode=${dir%-*}
		unset "running[$pid]"
		# Interrupted, or it cannot run here.
		[[ $status -ne 4 && $status -le 128 ]] || exit "$status"
		[[ $status -eq 0 ]] ||
			fail "the $mode kernel gave no result" "see above" "look at $results/$dir/serial.log"
		now=$(printf '%s\n' "${wanted[@]}" | grep -xFf "$results/$dir/tests" | grep -cxFf <(done_in "$mode") || :)
		[[ $now -gt 0 ]] ||
			fail "the $mode kernel ran none of the tests" "the guest does not know them" "look at $results/$dir/ktap.log"
		total=$((total - now)) ran=$((ran + now))
	done
	trap - EXIT
}

# compare BASE PATCHED: each a list of ktap.log, with what was asked for and maybe
# more. Fails if something is broken.
compare() {
	awk -f "$top/tools/testing/suites/compare.awk" -v base="$1" -v patched="$2" \
		-v only="$results/wanted" -v out="$results/table" </dev/null
}

# differing REGEX: names of the tests of which the table says so: kind, base, patched.
differing() {
	compare "${runs[base]}" "${runs[patched]}" | awk -v re="$1" '($1 " " $2 " " $3) ~ re { print $4 }' |
		sed -n "s/^$suite\\.//p" | sed 's/:$//' | sort -u
}

# run_again N TEST...: on both kernels, the Nth time.
run_again() {
	local mode dir
	for mode in base patched; do
		dir=again-$mode-$1
		say AGAIN "$(($# - 1)) that differ, $mode, run $1"
		claim "$dir" "${@:2}"
		boot "$mode" "$dir" ||
			fail "the $mode kernel gave no result" "see above" "look at $results/$dir/serial.log"
		runs[$mode]+=" $results/$dir/ktap.log"
	done
}

# What differs is run twice more on both, and up to five times more what has
# failed on the patched kernel alone, but not always.
suite_compare() {
	local again n mode unlisted
	local -A runs
	[[ $DRY != 1 ]] || return 0
	for mode in "${modes[@]}"; do
		# shellcheck disable=SC2016 # for awk
		logs "$mode" | xargs -r awk -v mode="$mode" '/^ok .* # SKIP/ {
			test = $3; sub(/.* # SKIP /, ""); print test ": " $0 " (" mode ")" }' | sort -u
	done >"$results/notrun"
	say NOTRUN "$(wc -l <"$results/notrun") skipped: $results/notrun"
	# A list that does not fit is red, whatever the comparison says.
	unlisted=$(for mode in "${modes[@]}"; do
		logs "$mode" | xargs -r grep -hE '^# [^ ]+: (skipped, and no list|passed, but )' | sed "s/^# /$mode /" || true
	done | sort -u)
	[[ -z $unlisted ]] || printf '%s\n' "$unlisted"
	if [[ ${#modes[@]} -ne 2 ]]; then
		[[ -z $unlisted ]]
		return
	fi
	for mode in "${modes[@]}"; do
		runs[$mode]=$(logs "$mode" | paste -sd' ')
	done
	mapfile -t again < <(differing '^(broken|fixed) ')
	for n in {2..8}; do
		[[ $n -ne 4 ]] || mapfile -t again < <(differing '^broken pass flaky')
		[[ ${#again[@]} -gt 0 ]] || continue
		run_again "$n" "${again[@]}"
		[[ $n -lt 4 ]] || mapfile -t again < <(differing '^broken pass flaky')
	done
	say TABLE "$results/table"
	compare "${runs[base]}" "${runs[patched]}" && [[ -z $unlisted ]]
}

suite_go() {
	[[ $DRY == 1 ]] || suite_begin
	suite_run
	suite_compare
}
