#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suite-table.sh
#
# Writes Documentation/suites.rst: what "make suite" found on the base and on
# the patched kernel, suite by suite, from the results that it left for the
# series as it is now. A suite without results is left out.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
esac
[[ $DRY != 1 ]] || { say TABLE "Documentation/suites.rst from results/"; exit 0; }
# shellcheck source=scripts/table-lib.sh
. "$top/scripts/table-lib.sh"
results=$top/results/$(series_hash)
mapfile -t tables < <(find "$results" -mindepth 2 -maxdepth 2 -name table -size +0 2>/dev/null |
	grep -vE -- '-[0-9]{8}-[0-9]{6}/table$' | sort)
[[ ${#tables[@]} -gt 0 ]] || fail "no suite has been compared for this state of the series" \
	"there is no $results/*/table" "make suite SUITE=kselftest"

# kernels DIR: what ran, as the guest said it.
kernels() {
	find "$1" -name ktap.log -exec sed -n 's/^# kernel //p' {} + | awk '{ print $1 }' | sort -u | paste -sd' '
}

suites() {
	local table dir suite
	echo "The logs are in results/$(series_hash)."
	for table in "${tables[@]}"; do
		dir=${table%/*}
		suite=${dir##*/}
		echo
		heading "$suite"
		echo
		awk '/^(same|fixed|broken|flaky) / { n[$1]++ } END {
			printf "%d same, %d fixed, %d broken, %d flaky", n["same"], n["fixed"], n["broken"], n["flaky"] }' "$table"
		printf ' on %s, Linux %s%s::\n\n' "$(date -r "$table" +%Y-%m-%d)" "$(kernels "$dir")" "$(sed 's/^/, /' "$dir/version" 2>/dev/null)"
		printf '    %s\n\n' "$(cat "$dir/command" 2>/dev/null || echo "make suite SUITE=$suite")"
		sed 's/[[:space:]]*$//; s/^/    /' "$table"
	done
}

page suites '"make suite-table" from the results of "make suite"' \
	"Suites of other people, on the base and when patched" suites
say TABLE "${#tables[@]} suites"
