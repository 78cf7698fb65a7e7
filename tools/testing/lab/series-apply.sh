#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: series-apply.sh
#
# Tests apply.sh, unapply.sh, mbox.sh and prepare.sh on a small tree: all or
# nothing, the same tree as quilt and git am, small updates. KTAP on stdout.

# shellcheck disable=SC2317 # check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/series-fixture.sh
. "$(dirname "${BASH_SOURCE[0]}")/series-fixture.sh"

as_git() {
	git -C "$tmp/$1" init -q && git -C "$tmp/$1" add -Af . && git -C "$tmp/$1" commit -qm base
}

# refuses SCRIPT TEXT DIR: says so, and DIR is as it was.
refuses() {
	rm -rf "$tmp/before"
	cp -a "$tmp/$3" "$tmp/before"
	says 1 "$2" "$s/$1" "$tmp/$3" || return
	same "$tmp/before" "$tmp/$3" || return
	[[ -z $(find "$tmp/$3" -newer "$tmp/before/Kconfig" -name '*.series-new') && -z $(ls -A "$TMPDIR") ]]
}

# --- apply and unapply
variant user
# The reference is made by patch(1) and by nothing of ours.
variant reference
(cd "$tmp/reference" && sed -n 's,^[a-z],../repo/patches/&,p' "$repo/series" | xargs cat |
	patch -sp1 -F0 && chmod +x tools/testing/selftests/dax/run.sh)

applies() { says 0 "4 patches to $tmp/$1, 5 files" "$s/apply.sh" "$tmp/$1" && same "$tmp/reference" "$tmp/$1"; }
removes() { says 0 "4 patches from $tmp/$1" "$s/unapply.sh" "$tmp/$1" && same "$pristine" "$tmp/$1"; }
check "apply gives the tree that patch gives" applies user
check "a patched tree is refused" refuses apply.sh "is already patched" user
check "unapply gives the base back" removes user
check "unapply of a tree without the series is refused" refuses unapply.sh "is not applied" user
check "TREE= names the tree as well" says 0 "4 patches to" env TREE="$tmp/user" "$s/apply.sh"
echo mine >"$tmp/user/mine.c"
sed -i '1s/^/mine\n/' "$tmp/user/fs/dax.c"
keeps() { "$s/unapply.sh" "$tmp/user" && [[ $(head -n 1 "$tmp/user/fs/dax.c") == mine && -f $tmp/user/mine.c ]]; }
check "unapply keeps changes elsewhere" keeps
"$s/apply.sh" "$tmp/user" >/dev/null
sed -i 's/line twenty$/line mine/' "$tmp/user/fs/dax.c"
check "unapply refuses changes in its way" refuses unapply.sh "cannot be taken out" user
check "no tree" says 1 "no tree was named" "$s/apply.sh"
mkdir "$tmp/empty"
check "not a kernel" says 1 "is not a kernel tree" "$s/apply.sh" "$tmp/empty"

variant git
as_git git
check "apply to a git tree" applies git
git -C "$tmp/git" checkout -qf . && git -C "$tmp/git" clean -qfd
echo mine >>"$tmp/git/Kconfig"
check "a dirty git tree is refused" refuses apply.sh "is not clean" git
git -C "$tmp/git" checkout -qf .
mkdir -p "$tmp/git/mm/sub"
echo mine >"$tmp/git/mm/sub/new.c"
check "a file in the way of a new one is refused" refuses apply.sh "already exists" git

variant last
sed -i 's/^gup 8$/gup eight/' "$tmp/last/mm/gup.c"
check "a failing third patch leaves all as it was" refuses apply.sh "refcount/mm-gup-forget-the-seventh.patch does not apply" last
variant moved
sed -i '1,3d' "$tmp/moved/fs/dax.c"
check "other lines move, and the files are named" says 0 "not as at 6.12.117: fs/dax.c" "$s/apply.sh" "$tmp/moved"
variant pc
mkdir "$tmp/pc/.pc"
echo refcount/x.patch >"$tmp/pc/.pc/applied-patches"
check "a tree with quilt's patches is refused" refuses apply.sh "quilt has applied 1 patches" pc
variant full
# The disk of the tree is full, and that of TMPDIR is not: cp fails there.
cat >"$tmp/bin/cp" <<E
#!/bin/sh
case \$* in *gup.c.series-new) echo "cp: No space left on device" >&2; exit 1 ;; esac
exec /bin/cp "\$@"
E
chmod +x "$tmp/bin/cp"
check "a full disk leaves all as it was" refuses apply.sh "cannot write mm/gup.c" full
# shellcheck disable=SC2016 # for the stand-in
sed -i 's/echo .*exit 1/kill -TERM $PPID/' "$tmp/bin/cp"
interrupted() {
	says 130 "" "$s/apply.sh" "$tmp/full" || return
	same "$pristine" "$tmp/full" && [[ -z $(ls -A "$TMPDIR") ]]
}
check "so does Ctrl-C" interrupted
rm "$tmp/bin/cp"
dry() { DRY=1 says 0 "git -C '$tmp/full' apply" "$s/apply.sh" "$tmp/full" && same "$pristine" "$tmp/full"; }
check "DRY=1 changes nothing" dry

# --- quilt, git am
variant quilt
quilted() {
	(cd "$tmp/quilt" && QUILT_PATCHES=$repo/patches QUILT_SERIES=$repo/series quilt --quiltrc - push -a) &&
		same "$tmp/reference" "$tmp/quilt"
}
if command -v quilt >/dev/null; then
	check "quilt push -a gives the same tree" quilted
else
	check "quilt is installed" false
fi
variant am
as_git am
am() {
	"$s/mbox.sh" && (cd "$tmp/am" && git am -q "$O/series.mbox") && same "$tmp/reference" "$tmp/am" &&
		diff <(git -C "$tmp/am" log --format='%an <%ae> %aD %B' -4) <(git -C "$O/tree" log --format='%an <%ae> %aD %B' -4)
}
check "git am of the mbox gives the same tree and commits" am
to_stdout() { "$s/mbox.sh" - | cmp - "$O/series.mbox"; }
check "mbox to standard output" to_stdout

# --- prepare
prepared() { says 0 "$2" "$s/prepare.sh" "$1" && same "$3" "$O/$1/linux"; }
cp -r "$pristine" "$tmp/base-reference"
cp -r "$tmp/reference/tools" "$tmp/base-reference/"
check "the patched tree" prepared patched "4 patches, 5 files" "$tmp/reference"
check "the base with the selftests alone" prepared base "1 patches, 1 files" "$tmp/base-reference"
check "a second time is silent" silent "$s/prepare.sh" patched
check "the source is not changed through its links" same "$pristine" "$O/src/linux"
linked() { [[ $O/patched/linux/Kconfig -ef $O/src/linux/Kconfig ]]; }
check "untouched files are links" linked
sed -i '/forget-the-seventh/d' "$repo/series"
touch "$tmp/mark"
sleep 0.01
less() {
	says 0 "3 patches, 2 files changed" "$s/prepare.sh" patched && [[ ! -e $O/patched/linux/mm/sub ]] &&
		cmp "$pristine/mm/gup.c" "$O/patched/linux/mm/gup.c" &&
		[[ $O/patched/linux/mm/gup.c -nt $tmp/mark && ! $O/patched/linux/fs/dax.c -nt $tmp/mark ]]
}
check "with a patch less two files change, and are new to make" less
sed -i 's/^# preamble/# other words/' "$repo/series"
check "a comment changes nothing" silent "$s/prepare.sh" patched
sed -i '/say-twenty/d' "$repo/series"
cp -a "$O/patched/linux" "$tmp/was"
broken() { says 1 "drop-old-add-dax-new.patch does not apply" "$s/prepare.sh" patched && same "$tmp/was" "$O/patched/linux"; }
check "a patch that does not apply is a hard stop" broken
git -C "$repo" checkout -q series
check "and the series back gives the tree back" prepared patched "4 patches" "$tmp/reference"
mkdir -p "$repo/tools/testing/mutants"
printf 'A fault.\n\ndiff --git a/mm/gup.c b/mm/gup.c\n--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -30,3 +30,2 @@\n gup 30\n-gup 31\n gup 32\n' >"$repo/tools/testing/mutants/x.patch"
mutant() { says 0 "5 patches, 1 files changed" env MUTANT=x "$s/prepare.sh" patched && ! grep -qx "gup 31" "$O/patched/linux/mm/gup.c"; }
check "a mutant is the series and a fault" mutant
check "and without it the series" prepared patched "4 patches, 1 files" "$tmp/reference"
check "no such mutant" says 1 "no mutant y" env MUTANT=y "$s/prepare.sh" patched
sed -i '1s/patches .*/patches none/; s/^patches .*/patches none/' "$O/patched/linux.stamp"
echo spoilt >"$tmp/spoilt"
mv "$tmp/spoilt" "$O/patched/linux/mm/gup.c"
check "what was interrupted is finished" prepared patched "1 files" "$tmp/reference"
sed -i 's/^line 50$/line fifty/' "$pristine/fs/dax.c"
KERNEL_SRC=$pristine "$s/fetch.sh" >/dev/null
sed -i 's/^line 50$/line fifty/' "$tmp/reference/fs/dax.c"
check "another base is begun with anew" prepared patched "4 patches, 5 files" "$tmp/reference"
finish
