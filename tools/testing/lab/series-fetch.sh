#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: series-fetch.sh
#
# Tests fetch.sh on a small tree: each source, each kind of bad source, and
# that nothing half-made is left. KTAP on stdout.

# shellcheck disable=SC2317 # check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/series-fixture.sh
. "$(dirname "${BASH_SOURCE[0]}")/series-fixture.sh"

# Stand-ins for the registries; they have what is in $tmp/offer.
deb() {
	local at=$tmp/deb
	rm -rf "$at"
	mkdir -p "$at/DEBIAN" "$at/usr/src"
	printf 'Package: linux-source-6.12\nVersion: %s\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: t\n' \
		"$1" >"$at/DEBIAN/control"
	cp "$2" "$at/usr/src/linux-source-6.12.tar.xz"
	dpkg-deb -b "$at" "$tmp/offer/linux-source-6.12_$1_all.deb" >/dev/null
}
cat >"$tmp/bin/apt-get" <<E
#!/bin/sh
for a; do :; done
echo "\$*" >>$tmp/apt.log
cp "$tmp/offer/linux-source-6.12_\${a#*=}_all.deb" . 2>/dev/null && exit
echo "E: Version '\${a#*=}' for 'linux-source-6.12' was not found" >&2; exit 100
E
cat >"$tmp/bin/apt-cache" <<E
#!/bin/sh
ls $tmp/offer | sed -n 's/^\(.*\)_\(.*\)_all.deb/ \1 | \2 | here/p'
E
cat >"$tmp/bin/curl" <<E
#!/bin/sh
while [ "\$1" != -o ]; do shift; done
cp $tmp/offer/linux-6.12.117.tar.xz "\$2" 2>/dev/null && exit
echo "curl: (6) Could not resolve host" >&2; exit 6
E
chmod +x "$tmp"/bin/*

reset() {
	rm -rf "$O" "$CACHE" "$tmp/offer" "$tmp/apt.log"
	mkdir "$tmp/offer"
}

# refuses TEXT [VAR=VALUE...]: one error that says so, and nothing is left.
refuses() {
	local text=$1
	shift
	says 1 "$text" env "$@" "$s/fetch.sh" || return
	[[ $(grep -c '^error: ' "$tmp/says") -eq 1 ]] || { echo "not one error"; return 1; }
	grep -q '^  next: ' "$tmp/says" || { echo "no next step"; return 1; }
	[[ -z $(find "$O" "$CACHE" -mindepth 1 -not -path "$O/src" -not -path "$O/.zone-device-refcounts" ${keep:+-not -path "$keep"} 2>/dev/null) ]] ||
		{ echo "left behind:"; find "$O" "$CACHE"; return 1; }
	[[ -z $(ls -A "$TMPDIR") ]] || { echo "left in TMPDIR"; return 1; }
}

# fetched TEXT [VAR=VALUE...]: it says so, and the tree is the base.
fetched() {
	local text=$1
	shift
	says 0 "$text" env "$@" "$s/fetch.sh" && same "${like:-$pristine}" "$O/src/linux" && [[ -f $O/src/linux.stamp ]]
}

reset
check "KERNEL_SRC, the pinned tarball" fetched "the pinned tarball" KERNEL_SRC="$tmp/base.tar.xz"
check "a second time is silent" silent env KERNEL_SRC="$tmp/base.tar.xz" "$s/fetch.sh"
reset
check "KERNEL_SRC, a tree" fetched "same as the pin where it matters" KERNEL_SRC="$pristine"
reset
tar -C "$tmp" -cf "$tmp/plain.tar" pristine && gzip -k "$tmp/plain.tar"
check "KERNEL_SRC, a .tar" fetched "same as the pin" KERNEL_SRC="$tmp/plain.tar"
check "KERNEL_SRC, another: .tar.gz" fetched "same as the pin" KERNEL_SRC="$tmp/plain.tar.gz"
reset
variant near
sed -i 's/^line 55$/line fiftyfive/' "$tmp/near/fs/dax.c"
like=$tmp/near check "a tree that differs names the files" fetched "these differ: fs/dax.c" KERNEL_SRC="$tmp/near"

reset
check "KERNEL_SRC that is not there" refuses "is not there" KERNEL_SRC="$tmp/nowhere"
head -c "$(($(stat -c %s "$tmp/base.tar.xz") * 2 / 3))" "$tmp/base.tar.xz" >"$tmp/short.tar.xz"
check "a truncated tarball" refuses "truncated or damaged" KERNEL_SRC="$tmp/short.tar.xz"
variant old
sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 1/' "$tmp/old/Makefile"
check "a 6.1 tree" refuses "is not a 6.12 kernel" KERNEL_SRC="$tmp/old"
pack "$tmp/old" "$tmp/old.tar.xz"
check "a 6.1 tarball" refuses "is not a 6.12 kernel" KERNEL_SRC="$tmp/old.tar.xz"
variant patched
(cd "$tmp/patched" && sed -n 's,^[a-z],../repo/patches/&,p' "$repo/series" | xargs cat | patch -sp1)
check "a patched tree" refuses "the first 4 of 4 patches" KERNEL_SRC="$tmp/patched"
pack "$tmp/patched" "$tmp/patched.tar.xz"
check "a patched tarball" refuses "is already patched" KERNEL_SRC="$tmp/patched.tar.xz"
variant half
(cd "$tmp/half" && patch -sp1 <"$repo/patches/fixes/fs-dax-say-twenty.patch")
check "a half patched tree" refuses "the first 1 of 4 patches" KERNEL_SRC="$tmp/half"
mkdir "$tmp/half/.pc"
check "a tree of quilt's" refuses "quilt's .pc is in it" KERNEL_SRC="$tmp/half"
variant far
sed -i 's/^line 18$/line eighteen/' "$tmp/far/fs/dax.c"
check "a tree that the series fits with fuzz only" refuses "fs-dax-say-twenty.patch does not apply" KERNEL_SRC="$tmp/far"
variant built
touch "$tmp/built/.config"
check "a tree that was built in" refuses "has been built in" KERNEL_SRC="$tmp/built"
variant dirty
git -C "$tmp/dirty" init -q && git -C "$tmp/dirty" add -A && git -C "$tmp/dirty" commit -qm base
check "KERNEL_SRC, a git tree" fetched "same as the pin" KERNEL_SRC="$tmp/dirty"
reset
echo >>"$tmp/dirty/mm/gup.c"
check "a dirty git tree" refuses "is not clean" KERNEL_SRC="$tmp/dirty"

variant big
head -c 3000000 /dev/urandom >"$tmp/big/firmware"
pack "$tmp/big" "$tmp/big.tar.xz"
full() {
	says 1 "the disk filled up" env KERNEL_SRC="$tmp/big.tar.xz" \
		bash -c "trap '' XFSZ; ulimit -f 1024; exec \$0" "$s/fetch.sh" && [[ -z $(ls -A "$O/src") ]]
}
check "the disk fills up while unpacking" full
# A real one, where users may mount.
really_full() {
	mkdir -p "$tmp/small"
	# shellcheck disable=SC2016
	says 1 "the disk filled up" env KERNEL_SRC="$tmp/big.tar.xz" unshare -rm sh -c '
		mount -t tmpfs -o size=2m none "$0" && O=$0/O "$1"
		status=$?; ls -A "$0/O/src" | sed "s/^/left: /"; exit $status' "$tmp/small" "$s/fetch.sh" &&
		! grep left: "$tmp/says"
}
printf '#!/bin/sh\nprintf "Avail\\n9999M\\n"\n' >"$tmp/bin/df"
chmod +x "$tmp/bin/df"
if unshare -rm mount -t tmpfs none "$tmp/offer" 2>/dev/null; then
	check "a small file system fills up" really_full
else
	number=$((number + 1))
	echo "ok $number a small file system fills up # SKIP no mounts in a user namespace"
fi
printf '#!/bin/sh\nprintf "Avail\\n100M\\n"\n' >"$tmp/bin/df"
reset
check "too little room is seen before" refuses "not enough room" KERNEL_SRC="$tmp/base.tar.xz"
rm "$tmp/bin/df"

check "no source at all lists what was tried" refuses "tried Debian's linux-source-6.12=6.12.117-1: E: Version"
check "and kernel.org's answer" refuses "Could not resolve host"
deb 6.12.117-1 "$tmp/base.tar.xz"
check "the pinned package" fetched "the pinned tarball"
rm -rf "$O" "$tmp/apt.log"
from_cache() { fetched "the pinned tarball" && [[ ! -e $tmp/apt.log ]]; }
check "the cache, without asking the registries" from_cache
rm -rf "$O"
truncate -s -100 "$CACHE/linux-source-6.12_6.12.117-1.tar.xz"
keep="$CACHE/*" check "a truncated file in the cache" refuses "the cached base is damaged"
reset
deb 6.12.117-1 "$tmp/plain.tar.gz"
check "a package with another tarball" refuses "is not what was pinned"
reset
sed 's/^SUBLEVEL.*/SUBLEVEL = 120/' "$pristine/Makefile" >"$tmp/near/Makefile"
pack "$tmp/near" "$tmp/near.tar.xz"
deb 6.12.120-1 "$tmp/near.tar.xz"
deb 6.12.99-1 "$tmp/old.tar.xz"
deb 6.1.200-1 "$tmp/old.tar.xz"
like=$tmp/near check "the newest other 6.12" fetched "BASE    6.12.120: not the pin"
reset
cp "$tmp/base.tar.xz" "$tmp/offer/linux-6.12.117.tar.xz"
check "kernel.org" fetched "BASE    6.12.117"
check "then silence" silent "$s/fetch.sh"
sed -i 's/^BASE_PACKAGE_VERSION=.*/&.1/' "$repo/patches/base.conf"
check "but not after the pin has changed" says 0 "BASE    6.12.117" "$s/fetch.sh"

# --- O= and what is removed there
mkdir -p "$tmp/mine/src/linux"
echo mine >"$tmp/mine/src/linux/mine.c"
cp -r "$tmp/mine" "$tmp/mine.was"
check "a src/linux of somebody else" says 1 "has files that no build has made" env O="$tmp/mine" "$s/fetch.sh"
check "clean leaves it alone, too" says 1 "has files that no build has made" env O="$tmp/mine" "$s/clean.sh" --all
check "all is there still" diff -r "$tmp/mine.was" "$tmp/mine"
mkdir -p "$O"/{patched/linux,each/{src,results/1}}
echo hash >"$O/each/passed"
cleans() {
	says 0 "CLEAN" "$s/clean.sh" && [[ -d $O/src/linux && ! -e $O/patched && ! -e $O/each/src ]] &&
		[[ -s $O/each/passed && -d $O/each/results/1 ]]
}
check "clean keeps the base, and what each has found" cleans
mkdir "$O/tree"
all() { says 0 "KEPT    $O/tree" "$s/clean.sh" --all && [[ $(ls "$O") == tree ]]; }
check "clean --all keeps the tree" all
rmdir "$O/tree"
gone() { "$s/clean.sh" --all && [[ ! -e $O ]]; }
check "and without one nothing" gone
finish
