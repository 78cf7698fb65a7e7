#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: apply.sh [TREE]
#
# Applies the series to TREE (or $TREE), a kernel tree of your own: all of it
# with no fuzz, or nothing at all. A tree with changes that are not committed
# is refused, and one that is not git if the series does not fit it.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"
[[ $# -lt 2 && ${1:-} != -* ]] || { usage "$0"; [[ $1 == -h || $1 == --help ]] && exit 0 || exit 2; }

user_tree "${1:-${TREE:-}}" apply
mapfile -t patches < <(series_patches)
scratch
push_checked "$tree" "$work/new"
if [[ $DRY == 1 ]]; then
	printf "+ git -C '$tree' apply '$top/patches/%s'\n" "${patches[@]}"
	exit 0
fi
differ=$(manifest_differs "$tree")
[[ -z $differ ]] || say NOTE "not as at $(pin BASE_VERSION): ${differ//$'\n'/ }"
install_files "$work/new" "$tree" < <(touched "${patches[@]}")
say APPLIED "${#patches[@]} patches to $tree, $installed files changed"
