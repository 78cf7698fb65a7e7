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
out=$top/Documentation/suites.rst
[[ $DRY != 1 ]] || { say TABLE "${out#"$top/"} from results/"; exit 0; }
results=$top/results/$(series_hash)
mapfile -t tables < <(find "$results" -mindepth 2 -maxdepth 2 -name table -size +0 2>/dev/null |
	grep -vE -- '-[0-9]{8}-[0-9]{6}/table$' | sort)
[[ ${#tables[@]} -gt 0 ]] || fail "no suite has been compared for this state of the series" \
	"there is no $results/*/table" "make suite SUITE=kselftest"

# kernels DIR: what ran, as the guest said it.
kernels() {
	find "$1" -name ktap.log -exec sed -n 's/^# kernel //p' {} + | awk '{ print $1 }' | sort -u | paste -sd' '
}

{
	cat <<-END
	.. SPDX-License-Identifier: GPL-2.0
	.. Written by scripts/suite-table.sh from the results of "make suite". Do not edit.

	====================================================
	Suites of other people, on the base and when patched
	====================================================

	Base: Linux $(pin BASE_VERSION). Patched: with the $(series_patches | wc -l) patches of the series, $(series_hash).
	END
	for table in "${tables[@]}"; do
		dir=${table%/*}
		suite=${dir##*/}
		printf '\n%s\n%s\n\n' "$suite" "${suite//?/=}"
		awk '/^(same|fixed|broken|flaky) / { n[$1]++ } END {
			printf "%d same, %d fixed, %d broken, %d flaky", n["same"], n["fixed"], n["broken"], n["flaky"] }' "$table"
		printf ' on %s, Linux %s::\n\n' "$(date -r "$table" +%Y-%m-%d)" "$(kernels "$dir")"
		printf '    %s\n\n' "$(cat "$dir/command" 2>/dev/null || echo "make suite SUITE=$suite")"
		sed 's/[[:space:]]*$//; s/^/    /' "$table"
	done
} >"$out.new"
mv "$out.new" "$out"
say TABLE "Documentation/suites.rst: ${#tables[@]} suites"
