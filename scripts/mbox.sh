#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: mbox.sh [FILE]
#
# Writes the series as one mbox that git am takes, to FILE or
# $O/series.mbox; "-" is standard output.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[[ $# -lt 2 && (${1:-} == - || ${1:-} != -*) ]] || { usage "$0"; [[ $1 == -h || $1 == --help ]] && exit 0 || exit 2; }

file=${1:-$O/series.mbox}
mapfile -t patches < <(series_patches)

write() {
	local patch
	for patch in "${patches[@]}"; do
		echo "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001"
		cat "$top/patches/$patch" || return
		echo
	done
}

if [[ $file == - ]]; then
	write
	exit
fi
[[ $DRY != 1 ]] || { say MBOX "$file, ${#patches[@]} patches"; exit 0; }
mkdir -p "$(dirname "$file")"
if ! write >"$file.part"; then
	rm -f "$file.part"
	fail "cannot write $file" "see above" "make lint, or name another file"
fi
mv "$file.part" "$file"
say MBOX "$file, ${#patches[@]} patches"
