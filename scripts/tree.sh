#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: tree.sh
#
# Makes $O/tree, a git tree with the base and one commit per patch, to work in
# with git as usual; export.sh writes patches/ back from it. The group of a
# commit is a git note (git notes --ref=series) and survives amend and rebase.
# A tree with work that was not exported is kept, unless FORCE=1.
#
# At a patch that does not apply, as on a newer base, it stops in the middle of a
# git am. Repair, git am --continue (--skip drops the patch) to the end, and run
# this again: it gives the commits their groups back.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# Before the library hides the user's configuration.
name=$(git -C "$top" config user.name) || name=''
email=$(git -C "$top" config user.email) || email=''
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"
# shellcheck source=scripts/series-git.sh
. "$top/scripts/series-git.sh"
no_arguments "$@"

[[ $DRY != 1 ]] || { say TREE "$tree: $O/src/linux and a commit per patch"; exit 0; }
need_base
mapfile -t patches < <(series_patches)
base=$(sha256sum <"$stamp" | cut -d' ' -f1)
# shellcheck disable=SC2119
hash=$(patches_hash)

# set_groups: each commit gets the group of the patch that has its subject, and
# what has no commit is said.
set_groups() {
	local commit subject i next=0
	while read -r commit; do
		subject=$(git -C "$tree" log -1 --format=%s "$commit")
		for ((i = next; i < ${#patches[@]}; i++)); do
			[[ $(sed -n '/^$/q; s/^Subject: //p' "$top/patches/${patches[i]}") == "$subject" ]] || continue
			git -C "$tree" notes --ref=series add -f -m "${patches[i]%%/*}" "$commit" 2>/dev/null
			for (( ; next < i; next++)); do
				say SKIPPED "patches/${patches[next]}"
			done
			next=$((i + 1))
			break
		done
	done < <(git -C "$tree" rev-list --reverse base..HEAD)
	for (( ; next < ${#patches[@]}; next++)); do
		say SKIPPED "patches/${patches[next]}"
	done
}

if [[ -d $tree && ${FORCE:-} != 1 && $(state_of base) == "$base" && $(state_of patches) == "am $hash" &&
	$(state_of head) != "$(git -C "$tree" rev-parse HEAD)" ]] && ! tree_busy >/dev/null; then
	pinned=$(state_of pinned)
	set_groups
	write_state "$hash"
	say TREE "$tree: $(git -C "$tree" rev-list --count base..HEAD) commits above the tag base; make export writes them"
	exit 0
fi
if [[ -d $tree && ${FORCE:-} != 1 ]]; then
	why=$(tree_unexported) && fail "$tree has work that was not exported" "$why" \
		"make export; or FORCE=1 make tree throws it away"
	[[ $(state_of base) != "$base" || $(state_of patches) != "$hash" ]] ||
		{ say TREE "$tree is up to date"; exit 0; }
fi

# One pack instead of 90000 loose objects, and quickly.
add_all() {
	git -C "$1" -c core.bigFileThreshold=1 -c core.compression=1 add -A -f .
}

copy_and_commit() {
	local more
	more=$(git -C "$tree" for-each-ref --format='%(refname)' refs/heads refs/stash 2>/dev/null |
		sed 's,^refs/,,' | grep -vxF heads/series) || :
	[[ -z $more || ${FORCE:-} == 1 ]] || fail "$tree has more than the series" \
		"the base is another one, so the tree is made anew; in it are ${more//$'\n'/, }" \
		"take from it what you need; then FORCE=1 make tree throws it away"
	rm -rf "$tree" "$tree.new"
	busy COPY "$tree" cp -a --reflink=auto "$O/src/linux" "$tree.new" &&
		git init -q -b series "$tree.new" && git_setup "$tree.new" &&
		busy COMMIT "the base" add_all "$tree.new" &&
		GIT_AUTHOR_DATE='2000-01-01T00:00:00Z' GIT_COMMITTER_DATE='2000-01-01T00:00:00Z' \
			git -C "$tree.new" -c user.name=base -c user.email=base@localhost \
			commit -q -m "Linux $(sed -n 's/^version //p' "$stamp")" &&
		git -C "$tree.new" tag base && mv "$tree.new" "$tree"
}

if [[ -d $tree && $(state_of base) == "$base" ]]; then
	rm -rf "$tree/.git/rebase-merge" "$tree/.git/rebase-apply"
	git -C "$tree" checkout -qf -B series base
	git -C "$tree" clean -qfd
elif ! copy_and_commit; then
	rm -rf "$tree.new"
	fail "cannot make $tree" "see above; it takes 2 GiB" "make room, or name another directory with O= (now $O)"
fi
for key in gc.auto=0 "user.name=$name" "user.email=$email" \
	notes.rewriteRef=refs/notes/series notes.rewriteMode=ignore; do
	[[ -z ${key#*=} ]] || git -C "$tree" config "${key%%=*}" "${key#*=}"
done

pinned=yes
! grep -q '^state not the pin' "$stamp" || pinned=no
write_state none
if [[ ${#patches[@]} -gt 0 ]] &&
	! busy AM "${#patches[@]} patches" git_am "$tree" "${patches[@]/#/$top/patches/}"; then
	next=$(cat "$tree/.git/rebase-apply/next" 2>/dev/null) ||
		fail "git am did not begin" "see above" "make lint"
	write_state "am $hash"
	fail "patches/${patches[next - 1]} does not apply" "see above; the $((next - 1)) before it are in $tree" \
		"there git am --show-current-patch=diff | git apply --reject, repair, git add, git am --continue, make tree"
fi
set_groups
i=$(git -C "$tree" rev-list --count base..HEAD)
[[ $i -eq ${#patches[@]} ]] || fail "$tree has $i commits for ${#patches[@]} patches" \
	"a patch is empty or holds more than one mail" "make lint"
write_state "$hash"
say TREE "$tree: ${#patches[@]} commits above the tag base"
