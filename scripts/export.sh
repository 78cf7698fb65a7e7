#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: export.sh
#
# Writes patches/, series and patches/base.sha256 from the commits of $O/tree,
# the same bytes each time, and says which patches changed. A commit's group is
# its note (git notes --ref=series); a commit without one goes into $GROUP, or
# else into the group of the commit before it. Comments in series stay.

# shellcheck disable=SC2119 # patches_hash of all groups
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"
# shellcheck source=scripts/series-git.sh
. "$top/scripts/series-git.sh"
no_arguments "$@"

[[ $DRY != 1 ]] || { say EXPORT "$tree to $top/patches"; exit 0; }
[[ -f $state ]] || fail "there is no tree to export" "$tree was not made" "make tree"
scratch

rebase="git -C $tree rebase -i base"
why=$(tree_busy) && fail "$tree is not ready" "$why" \
	"commit or stash; git am --abort, git rebase --continue or --abort"
[[ $(state_of patches) != "am "* ]] || fail "make tree has stopped at a patch and not come to its end" \
	"the commits of $tree have no groups yet" "git -C $tree am --continue, then make tree"
[[ ${FORCE:-} == 1 || $(state_of patches) == "$(patches_hash)" ]] || fail "patches/ has changed since make tree" \
	"what is in $tree is older, and export would undo the changes" \
	"make tree, and bring your commits over; FORCE=1 make export overwrites patches/"
[[ -z $(git -C "$tree" rev-list --merges base..HEAD) ]] ||
	fail "$tree has a merge above base" "a series of patches has none" "$rebase"

mapfile -t groups < <(series_groups)
group='' last=0
declare -A unnoted=()
: >"$work/list"
while read -r commit; do
	subject=$(git -C "$tree" log -1 --format=%s "$commit")
	case $subject in
	'fixup! '* | 'squash! '* | 'amend! '*)
		fail "a commit waits to be squashed: $subject" "a patch is written for each commit" \
			"git -C $tree rebase -i --autosquash base" ;;
	esac
	if noted=$(git -C "$tree" notes --ref=series show "$commit" 2>/dev/null); then
		group=${noted%%$'\n'*}
	else
		group=${GROUP:-$group}
		unnoted[$commit]=$group
	fi
	for ((i = 0; i < ${#groups[@]}; i++)); do
		[[ ${groups[i]} != "$group" ]] || break
	done
	note="git -C $tree notes --ref=series add -f -m GROUP ${commit:0:12}"
	[[ -n $group ]] || fail "no group for: $subject" "it has no note and is the first commit" "$note, or GROUP="
	[[ $i -lt ${#groups[@]} ]] || fail "series has no group $group, wanted by: $subject" \
		"groups are headed by lines \"# [GROUP] ...\" in series" "$note, or add the heading"
	[[ $i -ge $last ]] || fail "a patch of group $group comes after one of ${groups[last]}: $subject" \
		"groups come in the order of series: ${groups[*]}" "$rebase, or $note"
	last=$i
	file=$group/$(slug "$subject").patch
	[[ ! -e $work/patches/$file ]] || fail "two commits give patches/$file" \
		"files are named after subjects" "$rebase, and reword one"
	mkdir -p "$work/patches/$group"
	format_commit "$tree" "$commit" >"$work/patches/$file"
	[[ -s $work/patches/$file ]] || fail "an empty commit: $subject" "it changes no file" "$rebase"
	echo "$file" >>"$work/list"
done < <(git -C "$tree" rev-list --reverse base..HEAD)

# The manifest, before anything is written.
mapfile -t files < <(git -C "$tree" log --no-renames --format= --name-only base..HEAD | sort -u | sed '/^$/d')
for file in "${files[@]}"; do
	git -C "$tree" cat-file -e "base:$file" 2>/dev/null || continue
	mkdir -p "$work/base/$(dirname "$file")"
	git -C "$tree" show "base:$file" >"$work/base/$file"
done
manifest "$work/base" "${files[@]}" >"$work/base.sha256"
series_rewrite "$work/list" <"$top/series" >"$work/series"

# put FILE: into place at once or not at all; says what it does.
changes=0
put() {
	local what=changed
	[[ -e $top/$1 ]] || what=new
	! cmp -s "$work/$1" "$top/$1" || return 0
	mkdir -p "$(dirname "$top/$1")"
	if ! cp "$work/$1" "$top/$1.part"; then
		rm -f "$top/$1.part"
		fail "cannot write $1" "see above; the disk may be full" "make room and run this again"
	fi
	mv "$top/$1.part" "$top/$1"
	say "${what^^}" "$1"
	changes=$((changes + 1))
}

while read -r file; do
	put "patches/$file"
done <"$work/list"
while read -r file; do
	grep -qxF "$file" "$work/list" && continue
	rm "$top/patches/$file"
	prune "$top/patches" "$file"
	say REMOVED "patches/$file"
	changes=$((changes + 1))
done < <(cd "$top/patches" && find . -name '*.patch' | sed 's,^\./,,' | sort)
put series
if [[ $(state_of pinned) == yes ]]; then
	mkdir -p "$work/patches"
	mv "$work/base.sha256" "$work/patches/base.sha256"
	put patches/base.sha256
elif [[ $changes -gt 0 ]]; then
	say NOTE "patches/base.sha256 was left alone: this base is not the pin"
fi

for commit in "${!unnoted[@]}"; do
	git -C "$tree" notes --ref=series add -m "${unnoted[$commit]}" "$commit" 2>/dev/null
done
base=$(state_of base) pinned=$(state_of pinned)
write_state "$(patches_hash)"
say EXPORT "$(wc -l <"$work/list") patches, $changes files changed"
