#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: prepare.sh patched|base
#
# Makes or updates $O/MODE/linux, the tree that is built: hard links to the
# base tree, with the whole series (patched) or its selftests alone (base).
# MUTANT=NAME adds a patch of tools/testing/mutants, see mutants.sh.
# After a change of the series only files whose contents change are replaced,
# so that little has to be built again.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"

case ${1:-} in
patched) groups=() ;;
base) groups=(selftests) ;;
-h | --help) usage "$0"; exit 0 ;;
*) usage "$0" >&2; exit 2 ;;
esac
mode=$1 tree=$O/$1/linux mine=$O/$1/linux.stamp
[[ $DRY != 1 ]] || { say PREPARE "$tree: $O/src/linux and its patches"; exit 0; }
need_base
own_builds
lock "$O/$mode"
# The trees are links to it: who edits one in place edits them all.
if grep -qx "state the pinned tarball" "$stamp"; then
	differ=$(manifest_differs "$O/src/linux")
	[[ -z $differ ]] || fail "the base in $O/src/linux was changed" \
		"not as at the pin: ${differ//$'\n'/ }" "rm $O/*/linux.stamp; make prepare; edit in $O/tree (make tree)"
fi
mapfile -t patches < <(series_patches "${groups[@]}")
base=$(sha256sum <"$stamp" | cut -d' ' -f1)
hash=$(patches_hash "${groups[@]}")
if [[ -n ${MUTANT:-} ]]; then
	patches+=("../tools/testing/mutants/$MUTANT.patch")
	[[ -f $top/patches/${patches[-1]} ]] || fail "no mutant $MUTANT" "there is no such patch" "ls tools/testing/mutants"
	hash+=-$(sha256sum <"$top/patches/${patches[-1]}" | cut -c1-12)
fi
scratch

# The stamp: base, patches, and the files that differ from the base.
old=() before=''
if [[ -d $tree && -f $mine ]]; then
	mapfile -t old <"$mine"
	[[ ${old[0]:-} != "base $base" || ${old[1]:-} != "patches $hash" ]] || exit 0
	[[ ${old[0]:-} != "base $base" ]] || before=1
fi
if [[ -z $before ]]; then
	old=()
	rm -rf "$mine" "$tree" "$tree.new"
	mkdir -p "$O/$mode"
	if ! busy LINK "$tree" cp -al "$O/src/linux" "$tree.new"; then
		rm -rf "$tree.new"
		fail "cannot make $tree" "see above; the disk may be full or know no hard links" \
			"make room, or name another directory with O= (now $O)"
	fi
	mv "$tree.new" "$tree"
fi

{
	printf '%s\n' "${old[@]:2}"
	touched "${patches[@]}"
} | sed '/^$/d' | LC_ALL=C sort -u >"$work/files"
copy_files "$O/src/linux" "$work/new" <"$work/files"
push "$work/new" "${patches[@]}" || fail "patches/$failed does not apply" \
	"${reason//$'\n'/; }" "make lint; $mode/linux was left as it was"

# Until all is done the stamp fits nothing but names all that may differ.
{ printf 'base %s\npatches none\n' "$base"; cat "$work/files"; } >"$mine.new"
mv "$mine.new" "$mine"
install_files "$work/new" "$tree" <"$work/files"
{ printf 'base %s\npatches %s\n' "$base" "$hash"; touched "${patches[@]}"; } >"$mine.new"
mv "$mine.new" "$mine"
say PREPARE "$mode: ${#patches[@]} patches, $installed files changed"
