#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suite-table.sh
#
# Writes Documentation/suites.rst: what "make suite" found on the base and on
# the patched kernel, suite by suite, and "make check-mutants", from the results
# that they left for the series as it is now. A suite without results keeps what
# the page had of it: each part names the state of the series that it is of.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

no_arguments "$@"
[[ $DRY != 1 ]] || { say TABLE "Documentation/suites.rst from results/"; exit 0; }
# shellcheck source=scripts/table-lib.sh
. "$top/scripts/table-lib.sh"
results=$top/results/$(series_hash)
mapfile -t tables < <(find "$results" -mindepth 2 -maxdepth 2 -name table -size +0 2>/dev/null |
	grep -vE -- '-[0-9]{8}-[0-9]{6}/table$' | sort)
[[ ${#tables[@]} -gt 0 || -s $results/mutants/ktap.log ]] ||
	fail "no suite has been compared for this state of the series" \
		"there is no $results/*/table, and nothing of check-mutants" "make suite SUITE=kselftest"

# kernels DIR: what ran, as the guest said it.
kernels() {
	find "$1" -name ktap.log -exec sed -n 's/^# kernel //p' {} + | awk '{ print $1 }' | sort -u | paste -sd' '
}

# same TABLE RESULT TITLE [MORE]: the names of tests that have it on both kernels, and
# why they were skipped, if the suite tells (notrun).
same() {
	grep -E "^same +$2 +$2 [^:]*$" "$1" >"$new.names" || return 0
	printf '\n%s on both: %d tests%s::\n\n' "$3" "$(wc -l <"$new.names")" "${4:-}"
	if [[ $2 == skip && -s ${1%/*}/notrun ]]; then
		awk 'NR == FNR { skipped[$4 ":"]; next }
			$1 in skipped && sub(/ \(patched\)$/, "") { sub(/^[^ ]* /, ""); n[$0]++ }
			END { for (why in n) printf "%7d %s\n", n[why], why }' "$new.names" "${1%/*}/notrun" | sort -k1,1nr -k2
		echo
	fi
	awk '{ print $4 }' "$new.names" | paste -sd' ' | fold -sw 100 | sed 's/ *$//; s/^/    /'
}

# rows TABLE: all of a short one; of a long one what neither passed nor was skipped
# on both kernels, and the names of the rest. What a program says line by line is
# only counted if it is passed or skipped, and the same.
rows() {
	if [[ $(wc -l <"$1") -le 100 ]]; then
		sed 's/[[:space:]]*$//; s/^/    /' "$1"
		return
	fi
	# shellcheck disable=SC2016 # for awk
	awk '/^same +pass +pass / || /^same +skip +skip [^:]*$/ { next }
		/^same +skip +skip / && $4 ~ /:$/ {
			if (NR == FNR) n[$4]++
			else if (n[$4]) {
				printf "%s %d line%s\n", substr($0, 1, index($0, $4) + length($4) - 1), n[$4], (n[$4] > 1 ? "s" : "")
				n[$4] = 0
			}
			next
		}
		NR > FNR' "$1" "$1" | sed 's/[[:space:]]*$//; s/^/    /'
	same "$1" skip Skipped
	same "$1" pass Passed "$(awk '/^same +pass +pass .*: / { n++ } END { if (n) printf " and %d lines of programs", n }' "$1")"
}

# mutants: the last run, if it came to its end.
mutants() {
	local ktap=$results/mutants/ktap.log
	[[ -s $ktap && $(sed -n 's/^1\.\.//p' "$ktap") == "$(grep -cE '^(not )?ok ' "$ktap")" ]] || return 0
	printf '%s caught on %s, Linux %s, %s::\n\n    make check-mutants\n\n' \
		"$(grep -c '^# caught: ' "$ktap" || :) of $(($(sed -n 's/^1\.\.//p' "$ktap") - 1))" \
		"$(date -r "$ktap" +%Y-%m-%d)" "$(kernels "${ktap%/*}")" "$state"
	sed -n 's/^\(# \|ok \|not ok \)/    &/p' "$ktap"
}

# suite DIR
suite() {
	local dir=$1 table=$1/table
	awk '/^(same|fixed|broken|flaky) / { n[$1]++ } END {
		printf "%d same, %d fixed, %d broken, %d flaky", n["same"], n["fixed"], n["broken"], n["flaky"] }' "$table"
	printf ' on %s, Linux %s%s, %s::\n\n' "$(date -r "$table" +%Y-%m-%d)" "$(kernels "$dir")" \
		"$(sed 's/^/, /' "$dir/version" 2>/dev/null)" "$state"
	printf '    %s\n\n' "$(cat "$dir/command" 2>/dev/null || echo "make suite SUITE=${dir##*/}")"
	rows "$table"
}

# part NAME FUNCTION [ARG...]: a part of the page. It stays if the function prints nothing.
part() {
	"${@:2}" >"$new"
	[[ ! -s $new ]] || cp "$new" "$parts/$1"
}

sections() {
	local file
	echo "Each part names the kernel, and the state of the series that the patched one had. Logs: results/SERIES/SUITE."
	for file in "$parts"/*; do
		echo
		heading "${file##*/}"
		echo
		cat "$file"
	done
}

state="$(series_patches | wc -l) patches, series $(series_hash)"
parts=$(mktemp -d)
new=$(mktemp)
trap 'rm -rf "$parts" "$new" "$new.names"' EXIT
page=$top/Documentation/suites.rst
# What the page has, each part without the blank lines around it.
[[ ! -f $page ]] || awk -v dir="$parts" '
	function put(line) {
		if (line == "") { blank++; return }
		for (; blank > 0; blank--)
			if (started) print "" > file
		blank = 0
		started = 1
		print line > file
	}
	held != "" && /^=+$/ && length($0) == length(held) && held !~ / / {
		file = dir "/" held; started = blank = 0; held = ""; have = 0; next
	}
	have && file != "" { put(held) }
	{ held = $0; have = 1 }
	END { if (have && file != "") put(held) }' "$page"
for table in "${tables[@]}"; do
	part "$(basename "${table%/*}")" suite "${table%/*}"
done
part mutants mutants
page suites '"make suite-table" from the results of "make suite"' \
	"Suites, on the base and when patched" sections
say TABLE "${#tables[@]} suites of this state"
