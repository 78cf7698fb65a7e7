#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: rootfs.sh
#
# Makes $O/vm/rootfs.squashfs, the userland of guests that run other people's
# suites: the Debian packages of tools/testing/suites/rootfs.packages and their
# dependencies, of the release that this machine runs, because programs built
# here have to run there. Packages are unpacked and not configured, so that no
# root, no user namespace and no chroot is needed; what their scripts would have
# left that the suites look at is written here. Made again only if the list or
# this script changes; removing the file brings newer packages. MIRROR= names
# another mirror.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../../scripts/common.sh"

no_arguments "$@"
list=$here/../suites/rootfs.packages
out=$O/vm/rootfs.squashfs
PATH=$PATH:/usr/sbin:/sbin

for tool in mmdebstrap mksquashfs; do
	command -v "$tool" >/dev/null ||
		fail "no $tool on this machine" "the suites' root image is made with it" "make deps"
done
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
[[ -n $release ]] || fail "which Debian is this?" "no VERSION_CODENAME in /etc/os-release" \
	"the root image has to be of the release of this machine: use a Debian"
packages=$(sed '/^#/d; /^$/d' "$list" | paste -sd,)
key=$(printf '%s\n' "$release" "$ARCH" | cat - "$list" "${BASH_SOURCE[0]}" | sha256sum)
if [[ -f $out && -f $out.key && $(<"$out.key") == "$key" ]]; then
	exit 0
fi
if [[ $DRY == 1 ]]; then
	say ROOTFS "$out: $packages"
	exit 0
fi

mkdir -p "$O/vm"
lock "$O/vm"
work=$(mktemp -d "$O/vm/rootfs.XXXXXX")
# Some directories come without the right to write.
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
root=$work/root

unpack() {
	TMPDIR=$work mmdebstrap --quiet --mode=chrootless --variant=extract --format=directory \
		--include="$packages" "$release" "$root" ${MIRROR:+"$MIRROR"} >"$work/log" 2>&1
}

unpacked() {
	du -sm "$root" 2>/dev/null | awk '{ print $1 " MiB" }'
}

if ! MEASURE=unpacked busy ROOTFS "$out: $(tr ',' '\n' <<<"$packages" | wc -l) packages of $release and their dependencies" unpack; then
	cp "$work/log" "$O/vm/rootfs.log"
	fail "no root image" "$(grep -m 3 '^E:' "$work/log" | tr '\n' ' ')" \
		"look at $O/vm/rootfs.log; a Debian mirror has to be reachable; name one with MIRROR="
fi

# What the packages' scripts do, as far as the suites see it.
cat "$root/usr/share/base-passwd/passwd.master" - >"$root/etc/passwd" <<-'P'
	fsgqa:x:1001:1001::/home/fsgqa:/bin/bash
	123456-fsgqa:x:1002:1002::/home/123456-fsgqa:/bin/bash
	fsgqa2:x:1003:1003::/home/fsgqa2:/bin/bash
P
cat "$root/usr/share/base-passwd/group.master" - >"$root/etc/group" <<-'G'
	fsgqa:x:1001:
	123456-fsgqa:x:1002:
	fsgqa2:x:1003:
G
mkdir -p "$root"/home/{fsgqa,123456-fsgqa,fsgqa2} "$root"/{suite,lab,mnt/test,mnt/scratch}
# su: nobody logs in here.
for what in auth account password session session-noninteractive; do
	echo "${what%-*} required pam_permit.so" >"$root/etc/pam.d/common-$what"
done
for pair in awk:gawk which:which.debianutils; do
	[[ -e $root/usr/bin/${pair%:*} ]] || ln -sf "${pair#*:}" "$root/usr/bin/${pair%:*}"
done
ln -sf /proc/mounts "$root/etc/mtab"
echo lab >"$root/etc/hostname"
echo '127.0.0.1 localhost lab' >"$root/etc/hosts"

# What nobody reads in a guest.
rm -rf "$root"/usr/share/{doc,man,locale,info} "$root"/var/{cache,lib}/apt "${root:?}/boot"
chmod -R u+rwX "$root"
chmod 1777 "$root/tmp"
squash() {
	mksquashfs "$root" "$work/image" -noappend -all-root -comp gzip -no-progress -quiet >"$work/log" 2>&1
}

busy ROOTFS "packing" squash ||
	fail "no root image" "mksquashfs: $(tail -n 1 "$work/log")" "look at df $O"
mv "$work/image" "$out"
printf '%s\n' "$key" >"$out.key"
say ROOTFS "$(du -m "$out" | cut -f1) MiB"
