# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A small kernel-like tree, a series of four patches for it, and a copy of
# scripts/ that believes in both. Sourced by the series tests.

# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
: "${tmp:?}"
lab_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
unset KERNEL_SRC TREE FORCE GROUP DRY V DEPS "${!GIT_@}"
export O=$tmp/O CACHE=$tmp/cache HOME=$tmp/home TMPDIR=$tmp/tmp PATH=$tmp/bin:$PATH
# A hostile configuration: none of it may show in the patches.
mkdir -p "$HOME" "$TMPDIR" "$tmp/bin"
cat >"$HOME/.gitconfig" <<'E'
[user]
	name = Test
	email = test@example.org
[diff]
	noprefix = true
	algorithm = patience
	context = 7
	renames = copies
	statGraphWidth = 5
[format]
	signOff = true
	signature = hostile
	subjectPrefix = HOSTILE
	attach = true
	numbered = true
[core]
	abbrev = 5
E

repo=$tmp/repo pristine=$tmp/pristine s=$repo/scripts
mkdir -p "$repo/patches" "$pristine"/{fs,mm,scripts}
cp -r "$lab_top/scripts" "$repo/"
cp "$lab_top/.shellcheckrc" "$repo/"
printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n' >"$pristine/Makefile"
echo 'mainmenu "fixture"' >"$pristine/Kconfig"
seq -f 'line %.0f' 60 >"$pristine/fs/dax.c"
seq -f 'gup %.0f' 40 >"$pristine/mm/gup.c"
seq -f 'old %.0f' 5 >"$pristine/mm/old.c"
echo '*.o' >"$pristine/.gitignore"
# Stand-ins: what they say about a patch or a function is not tested here.
cat >"$pristine/scripts/checkpatch.pl" <<'E'
$file = $ARGV[-1];
open(F, $file);
while (<F>) { $bad = 1, print "$file:$.: ERROR:STYLE: bad style\n" if /badstyle/ }
exit($bad // 0);
E
cat >"$pristine/scripts/kernel-doc" <<'E'
open(F, $ARGV[-1]);
while (<F>) { print STDERR "$ARGV[-1]:$.: warning: bad doc of '$1'\n" if /(\w+)\(\) - baddoc/ }
E

# pack DIR FILE: as the source package's tarball.
pack() {
	tar -C "$(dirname "$1")" --transform "s,^${1##*/},linux-source-6.12," -cJf "$2" "${1##*/}"
}
pack "$pristine" "$tmp/base.tar.xz"
cat >"$repo/patches/base.conf" <<E
BASE_VERSION=6.12.117
BASE_PACKAGE=linux-source-6.12
BASE_PACKAGE_VERSION=6.12.117-1
BASE_TARBALL_SHA256=$(sha256sum <"$tmp/base.tar.xz" | cut -d' ' -f1)
BASE_URL=https://example.invalid/linux-6.12.117.tar.xz
E
printf '# preamble\n\n# [fixes] Repairs\n# more of it\n\n# [refcount] Counts\n\n# [selftests] Tests\n' >"$repo/series"
: >"$repo/patches/base.sha256"
printf 'The index.\n\n' >"$repo/scripts/README"
for script in "$repo"/scripts/*.sh; do
	printf '%s  a job\n' "${script##*/}"
done >>"$repo/scripts/README"

# commit SUBJECT [GROUP]: what lies in the tree, as a patch of the group.
commit() {
	git -C "$O/tree" add -A
	GIT_AUTHOR_DATE="2026-01-02T03:04:05 +0100" git -C "$O/tree" commit -q -m "$1" \
		-m $'This changes a file of the fixture,\nwhich needs a changelog of three lines,\nand here it is.'
	[[ -z ${2:-} ]] || git -C "$O/tree" notes --ref=series add -m "$2" HEAD
}

make_series() {
	local t=$O/tree
	KERNEL_SRC=$tmp/base.tar.xz "$s/fetch.sh" && "$s/tree.sh" || return
	sed -i 's/^line 20$/line twenty/' "$t/fs/dax.c"
	commit "fs/dax: say twenty" fixes
	sed -i 's/^line 21$/line twentyone/' "$t/fs/dax.c"
	rm "$t/mm/old.c"
	printf '/**\n * dax_new() - is new\n */\nvoid dax_new(void)\n{\n}\nEXPORT_SYMBOL_GPL(dax_new);\n' >>"$t/fs/dax.c"
	commit "mm, fs/dax: drop old & add dax_new()" refcount
	mkdir -p "$t/mm/sub"
	seq -f 'new %.0f' 9 >"$t/mm/sub/new.c"
	sed -i '/^gup 7$/d' "$t/mm/gup.c"
	commit "mm/gup: forget the seventh" refcount
	mkdir -p "$t/tools/testing/selftests/dax"
	printf '#!/bin/sh\necho ok\n' >"$t/tools/testing/selftests/dax/run.sh"
	chmod +x "$t/tools/testing/selftests/dax/run.sh"
	commit "selftests/dax: add one" selftests
	"$s/export.sh"
}

# same A B: the trees are equal, modes and all, but for what tools leave.
same() {
	diff -r -x .git -x .pc "$1" "$2" &&
		diff <(modes "$1") <(modes "$2")
}

modes() {
	(cd "$1" && find . \( -name .git -o -name .pc \) -prune -o -printf '%P %y %m\n' | sort)
}

# variant DIR: a copy of the base in $tmp, to spoil.
variant() {
	rm -rf "${tmp:?}/$1"
	cp -r "$pristine" "$tmp/$1"
}

silent() {
	local out
	out=$("$@" 2>&1) || { echo "failed: $out"; return 1; }
	[[ -z $out ]] || { echo "says: $out"; return 1; }
}

if ! make_series >"$tmp/log" 2>&1; then
	sed 's/^/# /' "$tmp/log"
	echo "Bail out! the fixture's series cannot be made"
	exit 1
fi
git init -q "$repo"
git -C "$repo" add -A
git -C "$repo" commit -q -m fixture
echo "TAP version 13"
