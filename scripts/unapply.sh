#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: unapply.sh [TREE]
#
# Takes the series out of TREE (or $TREE), where apply.sh has put it: all of
# it, or nothing. Changes of your own in the files that it touches are refused
# if they are in its way, and stay otherwise.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"
[[ $# -lt 2 && ${1:-} != -* ]] || { usage "$0"; [[ $1 == -h || $1 == --help ]] && exit 0 || exit 2; }

user_tree "${1:-${TREE:-}}" unapply
mapfile -t patches < <(series_patches)
scratch
touched "${patches[@]}" | copy_files "$tree" "$work/new"
pop "$work/new" "${patches[@]}" || {
	why="patches/$failed: ${reason//$'\n'/; }"
	touched "${patches[@]}" | copy_files "$tree" "$work/try"
	! push "$work/try" "${patches[@]}" || fail "the series is not applied to $tree" \
		"it can be applied to it as it is" "make apply TREE=$tree applies it"
	fail "the series cannot be taken out of $tree" "$why" \
		"undo the changes in these files; nothing was changed"
}
if [[ $DRY == 1 ]]; then
	printf "+ git -C '$tree' apply -R '$top/patches/%s'\n" "${patches[@]}" | tac
	exit 0
fi
install_files "$work/new" "$tree" < <(touched "${patches[@]}")
say REMOVED "${#patches[@]} patches from $tree, $installed files changed"
