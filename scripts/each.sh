#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: each.sh [FIRST [LAST]]
#
# Builds and boots what a bisection may stop at: the base with the first patch,
# with the first two, and so on (FIRST to LAST, default all; the selftests are
# there each time), and runs the few tests that have to pass on all of them. Takes
# some minutes for a patch to a header that everything includes. What has
# passed once is remembered until one of its patches changes, so that a run can
# be interrupted. CONFIG= names the additional configuration (default plain).
# Objects and results are in $O/each. Exit: 0 all passed, 1 not.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"
case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
esac

[[ $DRY == 1 ]] || { need_base; own_builds; }
need=$O/src
export CONFIG=${CONFIG:-plain}
export O=$O/each
vm=$top/tools/testing/vm
passed=$O/passed
# shellcheck disable=SC2119
total=$(series_patches | grep -vc '^selftests/')
first=${1:-${FIRST:-1}} last=${2:-${LAST:-$total}}
if ! [[ $first =~ ^[1-9][0-9]*$ && $last =~ ^[0-9]+$ && $first -le $last && $last -le $total ]]; then
	fail "no patches $first to $last" "the series has 1 to $total without the selftests" "scripts/each.sh --help"
fi

run mkdir -p "$O"
link_base "$need"
base=$({ head -n 1 "$need/linux.stamp" 2>/dev/null || :; } | sha256sum | cut -c1-12)
ok=0 bad=0
for ((n = first; n <= last; n++)); do
	export UPTO=$n
	# shellcheck disable=SC2119
	mapfile -t patches < <(series_patches | grep -v '^selftests/')
	name=${patches[-1]}
	hash=$(changes_hash "${patches[@]}")-$CONFIG-$base
	if grep -qsx "$hash" "$passed"; then
		ok=$((ok + 1))
		continue
	fi
	say EACH "$n of $total: $name"
	if [[ $DRY != 1 ]] && "$top/scripts/prepare.sh" patched && "$top/scripts/build.sh" patched &&
		"$vm/test.sh" --mode patched --plan boot --results "$O/results/$n"; then
		ok=$((ok + 1))
		echo "$hash" >>"$passed"
	elif [[ $DRY != 1 ]]; then
		bad=$((bad + 1))
		echo "FAILED with $name applied: $O/patched/build-$CONFIG.log, $O/results/$n"
	fi
done
[[ $DRY != 1 ]] || exit 0
echo "$ok passed, $bad failed"
[[ $bad -eq 0 ]]
