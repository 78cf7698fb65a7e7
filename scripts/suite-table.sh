#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suite-table.sh
#
# Writes Documentation/suites.rst: what "make suite" found on the base and on
# the patched kernel, suite by suite, and "make check-mutants", from the results
# that they left for the series as it is now. A suite without results is left out.

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

# rows TABLE: all of a short one; of a long one what did not pass on both kernels,
# and the names of the rest. What a program says line by line is only counted there.
rows() {
	if [[ $(wc -l <"$1") -le 100 ]]; then
		sed 's/[[:space:]]*$//; s/^/    /' "$1"
		return
	fi
	sed 's/[[:space:]]*$//; s/^/    /' "$1" | grep -vE '^    same +pass +pass ' || :
	awk '/^same +pass +pass / { if (/: /) lines++; else n++ } END {
		printf "\nPassed on both: %d tests", n
		if (lines) printf " and %d lines of programs", lines
		print "::\n" }' "$1"
	awk '/^same +pass +pass / && !/: / { print $4 }' "$1" | paste -sd' ' | fold -sw 100 | sed 's/ *$//; s/^/    /'
}

# mutants: the last run, if it came to its end.
mutants() {
	local ktap=$results/mutants/ktap.log
	[[ -s $ktap && $(sed -n 's/^1\.\.//p' "$ktap") == "$(grep -cE '^(not )?ok ' "$ktap")" ]] || return 0
	echo
	heading mutants
	printf '\n%s caught on %s, Linux %s::\n\n    make check-mutants\n\n' \
		"$(grep -c '^# caught: ' "$ktap" || :) of $(($(sed -n 's/^1\.\.//p' "$ktap") - 1))" \
		"$(date -r "$ktap" +%Y-%m-%d)" "$(kernels "${ktap%/*}")"
	sed -n 's/^\(# \|ok \|not ok \)/    &/p' "$ktap"
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
		rows "$table"
	done
	mutants
}

page suites '"make suite-table" from the results of "make suite"' \
	"Suites of other people, on the base and when patched" suites
say TABLE "${#tables[@]} suites"
