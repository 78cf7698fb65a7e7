#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: initramfs.sh MODE OUT [TOOL...]
#
# Packs the guest: busybox, ndctl, mkfs and xfs_io with their libraries, the guest
# scripts, and the test programs and modules of MODE (patched or base; CONFIG
# names an extra configuration). The programs are this machine's, for another ARCH
# Debian's (userland.sh). Each TOOL is one more of them, for suites that need it.
# Nothing is done if no input has changed. Needs no root: device nodes come from devtmpfs.
#
# What the guest needs to prove that kernel and modules are of one build is
# packed too: the kernel's release and its ELF notes (the build id).

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../../scripts/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
esac
[[ $# -ge 2 ]] || fail "initramfs.sh needs MODE and OUT" "got $# arguments" "initramfs.sh --help"
mode=$1
out=$2
obj=$O/$mode/obj$variant
tests=$O/$mode/selftests$variant
guest=$here/../guest
tools=(busybox ndctl daxctl mkfs.ext4 mkfs.xfs xfs_io sfdisk "${@:3}")
PATH=$PATH:/usr/sbin:/sbin
root='' objcopy=${CROSS_COMPILE}objcopy readelf=${CROSS_COMPILE}readelf
if [[ $ARCH != x86_64 ]]; then
	root=$("$here/userland.sh" | tail -n 1)
fi

# where NAME: the path of a program of the guest.
where() {
	local dir
	[[ -n $root ]] || { command -v "$1"; return; }
	for dir in usr/bin usr/sbin bin sbin; do
		[[ -x $root/$dir/$1 ]] && echo "$root/$dir/$1" && return
	done
}

# needed FILE...: the libraries of programs. ldd would run those of this machine;
# those of another are followed by their names, as its linker does.
needed() {
	local file name dir todo=("$@")
	local -A seen
	if [[ -z $root ]]; then
		{ ldd "$@" 2>/dev/null || true; } | awk '$1 ~ /^\// && $1 !~ /:$/ { print $1 } $3 ~ /^\// { print $3 }' | sort -u
		return
	fi
	while [[ ${#todo[@]} -gt 0 ]]; do
		file=${todo[0]} todo=("${todo[@]:1}")
		for name in $("$readelf" -ld "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p; s,.*interpreter: \(.*\)\],\1,p'); do
			[[ -z ${seen[$name]:-} ]] || continue
			seen[$name]=1
			for dir in "$root"{,/usr} "$root"/{lib,usr/lib,lib64,usr/lib64}{/*-linux-gnu,}; do
				[[ -f $dir/$name ]] || continue
				echo "$dir/$name"
				todo+=("$dir/$name")
				continue 2
			done
			fail "no $name in $root" "$file needs it" "rm -r $root, and again"
		done
	done
}

missing=()
for tool in "${tools[@]}"; do
	where "$tool" >/dev/null || missing+=("$tool")
done
for tool in cpio ldd busybox "$objcopy" "$readelf"; do
	command -v "$tool" >/dev/null || missing+=("$tool")
done
[[ ${#missing[@]} -eq 0 ]] ||
	fail "no ${missing[*]} on this machine" "the guest is made of them" "make deps"
[[ -f $obj/vmlinux && -f $obj/include/config/kernel.release ]] ||
	fail "no kernel in $obj" "vmlinux or kernel.release is not there" "make build"
[[ -d $tests ]] ||
	fail "no test programs in $tests" "the directory is not there" "make build"

tool_paths=()
for tool in "${tools[@]}"; do
	tool_paths+=("$(where "$tool")")
done
# busybox runs before any library is there.
if "$readelf" -l "${tool_paths[0]}" 2>/dev/null | grep -q interpreter; then
	fail "busybox is not static" "${tool_paths[0]} needs libraries" "apt-get install busybox-static"
fi

mapfile -t modules < <(find "$obj" "$tests" -name '*.ko' | sort)
mapfile -t programs < <(find "$tests" -maxdepth 1 -type f ! -name '*.ko' | sort)
mapfile -t scripts < <(find "$guest" -type f | sort)
elves=("${tool_paths[@]:1}")
for program in "${programs[@]}"; do
	if [[ $(head -c4 "$program") == $'\x7fELF' ]]; then elves+=("$program"); fi
done
libs_said=$(needed "${elves[@]}")
mapfile -t libs <<<"$libs_said"
# pthread_cancel() opens it when it is called.
if [[ -z $root ]]; then
	unwind=$("${CROSS_COMPILE}gcc" -print-file-name=libgcc_s.so.1)
	[[ ! -f $unwind ]] || libs+=("$(realpath "$unwind")")
fi

key=$(stat -L -c '%n %s %y' "${tool_paths[@]}" "${modules[@]}" "${programs[@]}" \
	"${scripts[@]}" "${libs[@]}" "$obj/vmlinux" "$here/initramfs.sh" | sha256sum)
if [[ -f $out && -f $out.key && $(<"$out.key") == "$key" ]]; then
	exit 0
fi

say INITRD "$out"
[[ -z $root ]] || say DEBIAN "${root##*-}: $(grep -E '^(busybox-static|ndctl|e2fsprogs|xfsprogs|libc6) ' "$root/packages" | paste -sd,)"
[[ $DRY != 1 ]] || exit 0
mkdir -p "$(dirname "$out")"
stage=$(mktemp -d "$out.XXXXXX")
# Named after the stage: guests that start together may pack the same image.
trap 'rm -rf "$stage" "$stage.new"' EXIT

mkdir -p "$stage"/{usr/bin,usr/sbin,usr/lib,usr/lib64,dev,proc,sys,tmp,mnt,etc,lab,tests}
for dir in bin sbin lib lib64; do
	ln -s "usr/$dir" "$stage/$dir"
done
ln -s /proc/mounts "$stage/etc/mtab"
echo 'root:x:0:0:root:/:/bin/sh' >"$stage/etc/passwd"
echo 'root:x:0:' >"$stage/etc/group"

# What the guest's busybox lacks of this one's list says so when it is called.
busybox --list | while read -r applet; do
	ln -s busybox "$stage/usr/bin/$applet"
done
# Without these a guest script that cannot run panics instead of lingering.
rm "$stage"/usr/bin/{busybox,init,linuxrc}
for path in "${tool_paths[@]}"; do
	cp -L --remove-destination "$path" "$stage/usr/bin/"
done
for lib in "${libs[@]}"; do
	mkdir -p "$stage$(dirname "${lib#"$root"}")"
	cp -L "$lib" "$stage${lib#"$root"}"
done
cp "${scripts[@]}" "$stage/lab/"
chmod 755 "$stage"/lab/*
[[ ${#programs[@]} -eq 0 ]] || cp "${programs[@]}" "$stage/tests/"
for module in "${modules[@]}"; do
	cp "$module" "$stage/tests/"
	"$objcopy" --strip-debug "$stage/tests/${module##*/}"
done
ln -s lab/init "$stage/init"
cp "$obj/include/config/kernel.release" "$stage/lab/kernel.release"
"$objcopy" -O binary --only-section=.notes "$obj/vmlinux" "$stage/lab/kernel.notes"
[[ -s $stage/lab/kernel.notes ]] ||
	fail "no ELF notes in $obj/vmlinux" "the guest compares them with the running kernel's" "make build"

(cd "$stage" && find . -mindepth 1 | LC_ALL=C sort |
	cpio --quiet -o -H newc -R 0:0 >"$stage.new")
mv "$stage.new" "$out"
printf '%s\n' "$key" >"$out.key"
