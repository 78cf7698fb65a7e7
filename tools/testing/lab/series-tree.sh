#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: series-tree.sh
#
# Tests tree.sh and export.sh on a small tree: the same bytes each time, what
# is new and changed is named, nothing is overwritten unasked. KTAP on stdout.

# shellcheck disable=SC2317 # check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/series-fixture.sh
. "$(dirname "${BASH_SOURCE[0]}")/series-fixture.sh"
t=$O/tree

clean() {
	[[ -z $(git -C "$repo" status --porcelain) ]] || { git -C "$repo" diff; git -C "$repo" status; return 1; }
}

round_trip() {
	"$s/tree.sh" && "$s/export.sh" && clean
}

rm -rf "$t"
check "tree and export leave git status clean" round_trip
check "an unchanged tree is up to date" says 0 "is up to date" "$s/tree.sh"
subjects() {
	diff - <(git -C "$t" log --reverse --format='%an|%ae|%aI|%s' base..) <<-E
	Test|test@example.org|2026-01-02T03:04:05+01:00|fs/dax: say twenty
	Test|test@example.org|2026-01-02T03:04:05+01:00|mm, fs/dax: drop old & add dax_new()
	Test|test@example.org|2026-01-02T03:04:05+01:00|mm/gup: forget the seventh
	Test|test@example.org|2026-01-02T03:04:05+01:00|selftests/dax: add one
	E
}
check "one commit per patch, author and date of the mail" subjects
files() {
	diff - <(sed -n '/^[a-z]/p' "$repo/series") <<-E
	fixes/fs-dax-say-twenty.patch
	refcount/mm-fs-dax-drop-old-add-dax-new.patch
	refcount/mm-gup-forget-the-seventh.patch
	selftests/selftests-dax-add-one.patch
	E
}
check "files are named after subjects" files
form() {
	local old new
	old=$(git hash-object "$pristine/fs/dax.c")
	new=$(sed 's/^line 20$/line twenty/' "$pristine/fs/dax.c" | git hash-object --stdin)
	diff - "$repo/patches/fixes/fs-dax-say-twenty.patch" <<-E
	From: Test <test@example.org>
	Date: Fri, 2 Jan 2026 03:04:05 +0100
	Subject: fs/dax: say twenty

	This changes a file of the fixture,
	which needs a changelog of three lines,
	and here it is.
	---
	 fs/dax.c | 2 +-
	 1 file changed, 1 insertion(+), 1 deletion(-)

	diff --git a/fs/dax.c b/fs/dax.c
	index $old..$new 100644
	--- a/fs/dax.c
	+++ b/fs/dax.c
	@@ -17,7 +17,7 @@ line 16
	 line 17
	 line 18
	 line 19
	-line 20
	+line twenty
	 line 21
	 line 22
	 line 23
	E
}
check "a patch is a mail, whatever git's configuration" form
whole_names() {
	grep -qF ' tools/testing/selftests/dax/run.sh | 2 ++' "$repo/patches/selftests/selftests-dax-add-one.patch"
}
check "the diffstat has room for names" whole_names
manifest() {
	(cd "$pristine" && sha256sum -c --quiet "$repo/patches/base.sha256") &&
		diff - <(sed '1,2d; s/^[0-9a-f]*  //' "$repo/patches/base.sha256") <<-E
	fs/dax.c
	mm/gup.c
	mm/old.c
	# absent mm/sub/new.c
	# absent tools/testing/selftests/dax/run.sh
	E
}
check "the manifest fits the base and names what is added" manifest

# --- working in the tree
rebase() { # rebase EDITOR: edit the list of commits with sed
	GIT_SEQUENCE_EDITOR="sed -i $1" GIT_EDITOR=: git -C "$t" rebase -q -i base
}
echo >>"$t/mm/gup.c"
check "tree keeps changes that are not committed" says 1 "work that was not exported" "$s/tree.sh"
check "export refuses them" says 1 "not committed" "$s/export.sh"
git -C "$t" commit -qam "fixup! mm/gup: forget the seventh"
check "tree keeps commits that are not exported" says 1 "work that was not exported" "$s/tree.sh"
check "export refuses a fixup" says 1 "waits to be squashed" "$s/export.sh"
git -C "$t" -c sequence.editor=: rebase -q -i --autosquash base
fixed() {
	says 0 "CHANGED patches/refcount/mm-gup-forget-the-seventh.patch" "$s/export.sh" &&
		[[ $(git -C "$repo" diff --name-only) == patches/refcount/mm-gup-forget-the-seventh.patch ]] &&
		says 0 "0 files changed" "$s/export.sh"
}
check "export names the changed patch, and writes no other" fixed
git -C "$repo" commit -qam two
git -C "$t" commit -q --amend -m "selftests/dax: add a first one" -m $'one\ntwo\nthree'
renamed() {
	says 0 "NEW     patches/selftests/selftests-dax-add-a-first-one.patch" "$s/export.sh" &&
		grep -q "REMOVED patches/selftests/selftests-dax-add-one.patch" "$tmp/says" &&
		grep -qxF selftests/selftests-dax-add-a-first-one.patch "$repo/series" &&
		[[ ! -e $repo/patches/selftests/selftests-dax-add-one.patch ]]
}
check "a reworded subject renames the patch, in its group" renamed
git -C "$repo" add -A && git -C "$repo" commit -qm three
rebase '"2{h;d};3{G}"'
sed -i 's,^refcount/mm-gup,# about this one\n&,' "$repo/series"
git -C "$repo" commit -qam four
swapped() {
	"$s/export.sh" && diff - "$repo/series" <<-E
	# preamble

	# [fixes] Repairs
	# more of it
	fixes/fs-dax-say-twenty.patch

	# [refcount] Counts

	# about this one
	refcount/mm-gup-forget-the-seventh.patch
	refcount/mm-fs-dax-drop-old-add-dax-new.patch

	# [selftests] Tests
	selftests/selftests-dax-add-a-first-one.patch
	E
}
check "patches move with their comments, groups survive a rebase" swapped
git -C "$repo" add -A && git -C "$repo" commit -qm five
rebase '"2d"'
dropped() {
	says 0 "REMOVED patches/refcount/mm-gup-forget-the-seventh.patch" "$s/export.sh" &&
		grep -q '^# about this one' "$repo/series" && ! grep -q mm/gup.c "$repo/patches/base.sha256"
}
check "a dropped patch leaves its comment and no file" dropped
git -C "$repo" add -A && git -C "$repo" commit -qm six
check "and the round trip is clean again" round_trip

echo more >>"$t/mm/gup.c"
commit "mm/gup: one more"
grouped() { "$s/export.sh" && [[ -f $repo/patches/selftests/mm-gup-one-more.patch ]]; }
check "a commit without a group goes where the one before is" grouped
git -C "$t" reset -q --hard HEAD~
echo else >>"$t/mm/gup.c"
commit "mm/gup: one more"
check "unless GROUP= names another, in the order of groups" says 1 "comes after one of selftests" env GROUP=fixes "$s/export.sh"
check "a group without heading is refused" says 1 "has no group other" env GROUP=other "$s/export.sh"
echo more >>"$t/mm/gup.c"
commit "mm/gup: ONE: more!"
check "two patches of one name are refused" says 1 "two commits give" "$s/export.sh"
git -C "$t" reset -q --hard HEAD~2
git -C "$t" commit -q --allow-empty -m "mm: nothing"
check "an empty commit is refused" says 1 "an empty commit" "$s/export.sh"
git -C "$t" reset -q --hard HEAD~
git -C "$repo" checkout -qf . && git -C "$repo" clean -qfd
FORCE=1 "$s/tree.sh" >/dev/null
sed -i 's/^This changes/This has changed/' "$repo/patches/fixes/fs-dax-say-twenty.patch"
check "export does not undo changes made in patches/" says 1 "patches/ has changed since make tree" "$s/export.sh"
taken_in() { "$s/tree.sh" && says 0 "0 files changed" "$s/export.sh" && [[ -n $(git -C "$t" log --grep="This has changed" --format=%h) ]]; }
check "tree takes them in" taken_in
sed -i 's/^-line 20$/-line 2000/' "$repo/patches/fixes/fs-dax-say-twenty.patch"
check "a patch that does not apply is named" says 1 "patches/fixes/fs-dax-say-twenty.patch does not apply" "$s/tree.sh"
git -C "$repo" checkout -qf .
check "and tree works again once it is repaired" round_trip

# --- a newer base, on which patches do not apply
FORCE=1 "$s/tree.sh" >/dev/null
cp -r "$pristine" "$tmp/newer"
sed -i 's/^line 19$/line nineteen/' "$tmp/newer/fs/dax.c"
sed -i 's/SUBLEVEL = 117/SUBLEVEL = 118/' "$tmp/newer/Makefile"
pack "$tmp/newer" "$tmp/newer.tar.xz"
sed -i "s/6\.12\.117/6.12.118/; s/^BASE_TARBALL_SHA256=.*/BASE_TARBALL_SHA256=$(sha256sum <"$tmp/newer.tar.xz" | cut -d' ' -f1)/" \
	"$repo/patches/base.conf"
git -C "$repo" commit -qam "a newer base"
KERNEL_SRC=$tmp/newer.tar.xz "$s/fetch.sh" >/dev/null
git -C "$t" branch mine
check "a branch of the user's is not thrown away with the old base" says 1 "in it are heads/mine" "$s/tree.sh"
git -C "$t" branch -qD mine
check "on a newer base tree stops where a patch does not apply" says 1 "fs-dax-say-twenty.patch does not apply" "$s/tree.sh"
check "and again, when nothing was done" says 1 "fs-dax-say-twenty.patch does not apply" "$s/tree.sh"
check "export waits until it is repaired" says 1 "a rebase or an am is under way" "$s/export.sh"
sed -i 's/^line 20$/line twenty/' "$t/fs/dax.c"
check "tree keeps a repair that is not finished" says 1 "work that was not exported" "$s/tree.sh"
git -C "$t" add -A
git -C "$t" am --continue >/dev/null 2>&1 || :
check "it stops at the next one" [ -d "$t/.git/rebase-apply" ]
sed -i 's/^line 21$/line twentyone/' "$t/fs/dax.c"
git -C "$t" add -A
git -C "$t" am --continue >/dev/null 2>&1
check "export wants the groups first" says 1 "have no groups yet" "$s/export.sh"
repaired() {
	says 0 "commits above the tag base" "$s/tree.sh" && says 0 "CHANGED patches/fixes/fs-dax-say-twenty.patch" "$s/export.sh" &&
		! grep -qv '^ M patches/' <(git -C "$repo" status --porcelain) && grep -q 118 "$O/src/linux.stamp" &&
		[[ -n $(git -C "$repo" diff --name-only patches/base.sha256) ]]
}
check "all groups are found again, and the manifest is of the newer base" repaired
git -C "$repo" commit -qam "on the newer base"
check "which a new tree confirms" round_trip
sed -i 's/^-line 21$/-line 2100/' "$repo/patches/refcount/mm-fs-dax-drop-old-add-dax-new.patch"
says 1 "mm-fs-dax-drop-old-add-dax-new.patch does not apply" "$s/tree.sh" && git -C "$t" am --skip >/dev/null 2>&1
check "a patch that is skipped is named" says 0 "SKIPPED patches/refcount/mm-fs-dax-drop-old-add-dax-new.patch" "$s/tree.sh"
git -C "$repo" checkout -qf .

git -C "$t" commit -q --amend -m lost
check "FORCE=1 throws work away" env FORCE=1 "$s/tree.sh"
check "after which all is as before" round_trip
finish
