#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: arch-table.sh
#
# Writes Documentation/architectures.rst: what "make check-arch" booted, from the
# results that it left for the series as it is now. A row without results says so.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
esac

out=$top/Documentation/architectures.rst
[[ $DRY != 1 ]] || { say TABLE "${out#"$top/"} from results/"; exit 0; }
results=$top/results/$(series_hash)

# line TEXT...: six columns.
line() {
	local text
	printf -v text '%-12s  %-26s  %-54s  %-24s  %-38s  %s' "$@"
	echo "${text%"${text##*[! ]}"}"
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

rule=$(line "$(printf '=%.0s' {1..12})" "$(printf '=%.0s' {1..26})" "$(printf '=%.0s' {1..54})" \
	"$(printf '=%.0s' {1..24})" "$(printf '=%.0s' {1..38})" ============)
all=$(rows)
{
	cat <<-END
	.. SPDX-License-Identifier: GPL-2.0
	.. Written by "make arch-table" from the results of "make check-arch". Do not edit.

	===================
	Other architectures
	===================

	Linux $(pin BASE_VERSION) with the $(series_patches | wc -l) patches of the series, booted in QEMU; the tests are the
	plan \`\`tools/testing/guest/arch\`\`. New warnings are those of the compiler that the
	base does not have. Reproduce with \`\`make check-arch && make arch-table\`\`.

	END
	echo "$rule"
	line row "pages, MMU" compiler machine tests "new warnings"
	echo "$rule"
	echo "$all"
	echo "$rule"
} >"$out.new"
mv "$out.new" "$out"
say TABLE "Documentation/architectures.rst"
