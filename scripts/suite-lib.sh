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
#
# and define guest MODE, which sets the array $guest to options of run.sh.
# suite.sh has the kernels and the comparison from here.

# shellcheck disable=SC2154 # see above
vm=$top/tools/testing/vm
export CONFIG=suites
read -ra modes <<<"${MODES:-base patched}"
[[ "${modes[*]}" =~ ^(base|patched|base patched|patched base)$ ]] ||
	fail "MODES='$MODES'" "the kernels are base and patched" "leave it out for both"

# suite_options LIMIT SHARD: seconds for a test and tests for a boot, if the
# command line does not say it.
suite_options() {
	limit=${LIMIT:-$1} size=${SHARD:-$2}
	[[ $limit =~ ^[0-9]+$ && $limit -ge 60 && $size =~ ^[1-9][0-9]*$ ]] ||
		fail "LIMIT=$limit SHARD=$size" "LIMIT is 60 seconds or more, SHARD one test or more" "leave them out"
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
	results=$top/results/$(series_hash)/$suite
	expect=$results/expect
	state+=", limit $limit, configuration $(cat "$top"/tools/testing/config/*.config | sha256sum | cut -c1-12)"
	lock "$results"
	if [[ -f $results/state && $(<"$results/state") != "$state" ]]; then
		old=$results-$(date -r "$results/state" +%Y%m%d-%H%M%S)
		say OLD "results of another state are in $old"
		mv "$results" "$old"
		lock "$results"
	fi
	echo "$state" >"$results/state"
	for name in FS GROUP TESTS EXCLUDE LIMIT SHARD; do
		[[ -z ${!name:-} ]] || command+=" $name='${!name}'"
	done
	echo "make suite SUITE=$suite$command" >"$results/command"
	echo "$version" >"$results/version"
	printf '%s' "$expect_lines" >"$expect"
	: >"$expect.assertions"
}

# boot MODE DIR TEST...: one guest; succeeds if it left at least one result.
boot() {
	local mode=$1 dir=$results/$2 status=0
	shift 2
	mkdir -p "$dir"
	printf '%s\n' "$@" >"$dir/tests"
	guest "$mode"
	EXPECT=$expect "$vm/test.sh" --mode "$mode" --plan "$suite" --results "$dir" "${guest[@]}" \
		--input "$dir/tests" --test-limit $((limit + 20)) \
		--plan-limit $((($# + 1) * (limit + 60))) --silence $((limit + 90)) --boot-limit 600 --shutdown-limit 600 || status=$?
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

# salvage MODE DIR: what an interrupted boot had done. The test it was in does
# not count, nor that the run did not come to its end.
salvage() {
	local serial=$2/serial.log
	tr -d '\000' <"$serial" | awk '{ line[NR] = $0 } /lab: begin / { last = NR } /lab: end / { last = 0 }
		END { for (i = 1; i <= NR && (!last || i < last); i++) print line[i] }' >"$serial.new"
	mv "$serial.new" "$serial"
	EXPECT=$expect "$vm/judge.sh" "$1" "$2" >/dev/null || true
	sed -i '/^not ok [0-9]* run\.[0-9]*$/d' "$2/ktap.log"
	say SALVAGE "$(grep -cE '^(not )?ok ' "$2/ktap.log" || true) results of the interrupted ${2##*/}"
}

# left TESTS SPENT RAN: by what a test took so far, boot included.
left() {
	[[ $3 -gt 0 ]] || { echo "at most $((($1 * limit + 59) / 60)) min left"; return; }
	echo "about $((($1 * $2 / $3 + 59) / 60)) min left"
}

suite_run() {
	local mode dir total=0 spent=0 ran=0 n=0 start now have
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
	for mode in "${modes[@]}"; do
		while mapfile -t pending < <(todo "$mode") && [[ ${#pending[@]} -gt 0 ]]; do
			while [[ -e $results/$mode-$n ]]; do n=$((n + 1)); done
			say SHARD "$mode-$n: ${#pending[@]} tests to go on $mode, $total in all, $(left "$total" "$spent" "$ran")"
			start=$SECONDS
			boot "$mode" "$mode-$n" "${pending[@]:0:size}" ||
				fail "the $mode kernel gave no result" "see above" "look at $results/$mode-$n/serial.log"
			now=$(todo "$mode" | wc -l)
			[[ $now -lt ${#pending[@]} ]] ||
				fail "the $mode kernel ran none of the tests" "the guest does not know them" "look at $results/$mode-$n/ktap.log"
			spent=$((spent + SECONDS - start)) ran=$((ran + ${#pending[@]} - now))
			total=$((total - ${#pending[@]} + now))
		done
	done
}

# compare BASE PATCHED: each a list of ktap.log. Fails if something is broken.
compare() {
	awk -f "$top/tools/testing/suites/compare.awk" -v base="$1" -v patched="$2" \
		-v out="$results/table" </dev/null
}

# What differs is run twice more on both.
suite_compare() {
	local again n mode dir unlisted
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
	mapfile -t again < <(compare "${runs[base]}" "${runs[patched]}" | awk '$1 == "broken" || $1 == "fixed" { print $4 }' |
		sed -n "s/^$suite\\.//p" | sed 's/:$//' | sort -u)
	if [[ ${#again[@]} -gt 0 ]]; then
		for n in 2 3; do
			for mode in base patched; do
				dir=again-$mode-$n
				say AGAIN "${#again[@]} that differ, $mode, run $n"
				boot "$mode" "$dir" "${again[@]}" ||
					fail "the $mode kernel gave no result" "see above" "look at $results/$dir/serial.log"
				runs[$mode]+=" $results/$dir/ktap.log"
			done
		done
	fi
	say TABLE "$results/table"
	compare "${runs[base]}" "${runs[patched]}" && [[ -z $unlisted ]]
}

suite_go() {
	[[ $DRY == 1 ]] || suite_begin
	suite_run
	suite_compare
}
