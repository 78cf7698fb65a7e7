#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: table.sh
#
# Writes Documentation/results.rst: all tests on the base and on the patched
# kernel, those that differ first, from the results that "make check" left for
# the series as it is now.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

no_arguments "$@"
[[ $DRY != 1 ]] || { say TABLE "Documentation/results.rst from results/"; exit 0; }
# shellcheck source=scripts/table-lib.sh
. "$top/scripts/table-lib.sh"
results=$top/results/$(series_hash)
for mode in base patched; do
	[[ -f $results/$mode$variant/ktap.log ]] ||
		fail "no results of the $mode kernel for this state of the series" \
			"$results/$mode$variant/ktap.log is not there" "make check"
	[[ $(grep -cE '^# (plan plan|filter \*)$' "$results/$mode$variant/ktap.raw") -eq 2 ]] ||
		fail "the last run on the $mode kernel was not a whole one" \
			"it ran another plan, or some tests only" "make check"
done

# rows BASE PATCHED: "group id base patched", groups in the order of the page.
rows() {
	awk '
	FNR == 1 { file++ }
	!/^(not )?ok [0-9]+ / { next }
	{
		what = /# SKIP/ ? "skipped" : /^ok/ ? "passes" : "fails"
		id = $1 == "ok" ? $3 : $4
	}
	file == 1 { base[id] = what; next }
	file == 2 { if (what == "fails" && /# TODO/) todo[id] = 1; next }
	{
		b = id in base ? base[id] : "-"
		group = id in todo ? 2 : b != what ? 1 : 3
		if (group == 2) what = "fails (to do)"
		print group, id, b, what
	}' "$results/base$variant/ktap.raw" "$results/patched$variant/ktap.log" \
		"$results/patched$variant/ktap.raw"
}

# section GROUP TITLE TEXT
section() {
	local line=''
	grep -q "^$1 " <<<"$all" || return 0
	echo
	heading "$2"
	printf '\n%s\n\n' "$3"
	printf -v line '%s  %s  %s' "$(printf '=%.0s' $(seq 56))" ======= =============
	printf '%s\n%-56s  %-7s  %s\n%s\n' "$line" test base patched "$line"
	awk -v group="$1" '$1 == group { b = $3; $1 = $3 = ""; id = $2; sub(/^ *[^ ]+ +/, ""); printf "%-56s  %-7s  %s\n", id, b, $0 }' <<<"$all"
	echo "$line"
}

sections() {
	printf 'Base: Linux %s. Patched: with the %d patches of the series, %s. Run on %s.\n' \
		"$(sed -n 's/^# kernel \([0-9.]*\).*/\1/p' "$results/base$variant/ktap.raw" | head -n 1)" \
		"$(series_patches | wc -l)" "$(series_hash)" "$(date -r "$results/patched$variant/ktap.raw" +%Y-%m-%d)"
	echo "$(wc -l <<<"$all") tests${CONFIG:+, configuration $CONFIG}. Reproduce with \`\`make check && make table\`\`."
	section 1 "Tests that differ" "What the series changes."
	section 2 "Tests the series does not pass yet" \
		"They state the rules of the complete series; tools/testing/expect/patched has the reasons."
	section 3 "Tests that are the same" "What has to stay as it is."
}

all=$(rows)
page results '"make table" from the results of "make check"' "All tests, on base and patched kernel" sections
