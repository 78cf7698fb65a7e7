#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: mutants.sh [NAME...]
#
# Do the tests notice a fault? Builds the patched kernel with each patch of
# tools/testing/mutants (or the ones named) in a tree of its own, boots it and
# runs the plan "mutants": that has to fail, by a test that fails or by one of
# the time limits. Without a mutant it has to pass. A kernel that does not boot
# proves nothing, and is an error. Ends with "N passed, N failed, N skipped": a
# mutant that survives is a failure.
# Exit: 0 all mutants are caught, 1 not, 4 cannot run here.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"
case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
esac

dir=$top/tools/testing/mutants
vm=$top/tools/testing/vm
results=$top/results/$(series_hash)/mutants
[[ $DRY == 1 ]] || { need_base; own_builds; }
need=$O/src
export CONFIG=suites O=$O/mutants
mutants=("$@")
if [[ $# -eq 0 ]]; then
	mapfile -t mutants < <(cd "$dir" && printf '%s\n' *.patch | sed 's/\.patch$//')
fi
for mutant in "${mutants[@]}"; do
	[[ -f $dir/$mutant.patch ]] || fail "no mutant $mutant" "there is no $dir/$mutant.patch" "ls tools/testing/mutants"
done

run mkdir -p "$O" "$results"
link_base "$need"
ktap=$results/ktap.log
[[ $DRY == 1 ]] || printf 'KTAP version 1\n1..%d\n' "$((${#mutants[@]} + 1))" >"$ktap"
passed=0 bad=0
# What a leak makes wait, waits for ever, and says so every ten seconds: a
# mutant gets twice the time that the plan takes without one.
plan_limit=1800

# result WHAT NAME TEXT: WHAT is ok or "not ok".
result() {
	echo "# $3" >>"$ktap"
	echo "$1 $((passed + bad + 1)) mutants.$2" >>"$ktap"
	if [[ $1 == ok ]]; then passed=$((passed + 1)); else bad=$((bad + 1)); fi
	say "${1^^}" "$2: $3"
}

# boots NAME [MUTANT]: sets $status, and $why to what failed first.
boots() {
	local start
	status=0 why='all passed'
	export MUTANT=${2:-}
	"$top/scripts/prepare.sh" patched
	"$top/scripts/build.sh" patched
	start=$SECONDS
	"$vm/test.sh" --mode patched --plan mutants --results "$results/$1" \
		--test-limit 60 --plan-limit "$plan_limit" --silence 90 --shutdown-limit 60 || status=$?
	[[ -n $MUTANT ]] || plan_limit=$(((SECONDS - start) * 2 + 60))
	[[ $DRY != 1 ]] || return 0
	[[ $status -ne 4 && $status -le 128 ]] || exit "$status"
	grep -qs 'lab: begin' "$results/$1/serial.log" ||
		fail "the kernel $1 does not come to the tests" "see above" "look at $results/$1/serial.log"
	# What is wrong with the whole run stands there as run.N.
	[[ $status -eq 0 ]] || why=$(awk '/^# / { said = substr($0, 3) } /^not ok / && !n++ { first = $4 " (" said ")" }
		END { print n ? n " failed, the first: " first : "the run failed, and no test" }' "$results/$1/ktap.log")
}

boots none
[[ $DRY == 1 ]] || {
	if [[ $status -eq 0 ]]; then
		result ok none "$why"
	else
		result "not ok" none "fails without a mutant, which proves nothing: $why"
	fi
}
for mutant in "${mutants[@]}"; do
	say MUTANT "$mutant: $(head -n 1 "$dir/$mutant.patch")"
	boots "$mutant" "$mutant"
	[[ $DRY != 1 ]] || continue
	if [[ $status -ne 0 ]]; then
		result ok "$mutant" "caught: $why"
	else
		result "not ok" "$mutant" "survives: $why"
	fi
done
[[ $DRY != 1 ]] || exit 0
say LOGS "$results/"
echo "$passed passed, $bad failed, 0 skipped"
[[ $bad -eq 0 ]]
