#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: arch-table.sh
#
# Writes Documentation/architectures.rst: what "make check-arch" booted and what it
# only built, from the results that it left for the series as it is now. A row
# without results says so.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

no_arguments "$@"

out=$top/Documentation/architectures.rst
[[ $DRY != 1 ]] || { say TABLE "${out#"$top/"} from results/"; exit 0; }
results=$top/results/$(series_hash)

# line TEXT...: six columns, or five.
line() {
	local text format='%-12s  %-26s  %-54s  %-24s  %-38s  %s'
	[[ $# -eq 6 ]] || format='%-12s  %-10s  %-54s  %-9s  %s'
	# shellcheck disable=SC2059 # both are above
	printf -v text "$format" "$@"
	echo "${text%"${text##*[! ]}"}"
}

# rule WIDTH...: the line above and below.
rule() {
	local width rules=()
	for width; do
		printf -v width '%*s' "$width" ''
		rules+=("${width// /=}")
	done
	line "${rules[@]}"
}

rows() {
	local name arch list config dir pages compiler machine counts warnings
	while read -r name arch _ list; do
		[[ $list == boot* ]] || continue
		config=${list#boot}
		config=${config# }
		dir=$results/patched-$arch${config:+-$config}-arch
		if [[ ! -f $dir/verdict ]]; then
			line "$name" - - - "no results" -
			continue
		fi
		pages=$(tr -d '\r' <"$dir/serial.log" | sed -n 's/.*lab: machine [^,]*, pages of //p' | head -n 1)
		compiler=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"/\1/p' "$dir/config")
		machine=$(<"$dir/machine")
		counts=$(sed -n 's/.*: \([0-9]* passed, .*\)/\1/p' "$dir/verdict")
		warnings=$(grep -c . "$dir/warnings" 2>/dev/null || :)
		[[ -f $dir/warnings ]] || warnings="not counted"
		line "$name" "$pages" "$compiler" "$machine" "$counts" "$warnings"
	done < <(grep -v '^#' "$top/tools/testing/arch/list")
}

# built: those that are not booted.
built() {
	local name arch list compiler objects warnings
	while read -r name arch _ list; do
		[[ -n $name && $list != boot* ]] || continue
		IFS=$'\t' read -r compiler objects warnings 2>/dev/null <"$results/arch/$name" ||
			compiler="no results" objects=- warnings=-
		line "$name" "$arch" "$compiler" "$objects" "$warnings"
	done < <(grep -v '^#' "$top/tools/testing/arch/list")
}

compgen -G "$results/arch/*" >/dev/null || compgen -G "$results/patched-*-arch/ktap.log" >/dev/null ||
	fail "no results of other architectures for this state of the series" "there are none in $results" "make check-arch"
booted=$(rule 12 26 54 24 38 12) only=$(rule 12 10 54 9 12)
{
	cat <<-END
	.. SPDX-License-Identifier: GPL-2.0
	.. Written by "make arch-table" from the results of "make check-arch". Do not edit.

	===================
	Other architectures
	===================

	Linux $(pin BASE_VERSION) with the $(series_patches | wc -l) patches of the series. New warnings are those of the
	compiler that the base does not have. Reproduce with
	\`\`make check-arch && make arch-table\`\`.

	Booted in QEMU; the tests are the plan \`\`tools/testing/guest/arch\`\`:

	END
	echo "$booted"
	line row "pages, MMU" compiler machine tests "new warnings"
	echo "$booted"
	rows
	printf '%s\n\n' "$booted"
	printf '%s\n\n' "Built; \`\`tools/testing/arch/list\`\` says with which configuration:"
	echo "$only"
	line row ARCH compiler compiled "new warnings"
	echo "$only"
	built
	echo "$only"
} >"$out.new"
mv "$out.new" "$out"
say TABLE "Documentation/architectures.rst"
