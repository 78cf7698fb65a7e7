#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: userland.sh
#
# Brings what the guest of another ARCH needs from Debian: the packages below and
# their dependencies, unpacked by mmdebstrap without root and without their
# scripts, and kept in $CACHE. They are of the release of this machine, or of the
# first one that has the architecture. MIRROR= names another mirror. The last line
# is the directory; its file "packages" has all names and versions.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../../scripts/common.sh"

no_arguments "$@"
packages=(busybox-static ndctl daxctl e2fsprogs xfsprogs fdisk)
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
case $ARCH in
arm64) debian=arm64 ;;
powerpc) debian=ppc64el ;;
riscv)
	debian=riscv64
	[[ $release != bookworm ]] || release=trixie
	;;
*) fail "no userland for ARCH=$ARCH" "no Debian architecture is known for it" "ARCH= is arm64, powerpc or riscv" ;;
esac
root=$CACHE/userland-$release-$debian
if [[ -f $root/packages || $DRY == 1 ]]; then
	echo "$root"
	exit 0
fi
command -v mmdebstrap >/dev/null ||
	fail "no mmdebstrap on this machine" "the guest's programs for ARCH=$ARCH are unpacked with it" "make deps ARCH=$ARCH"

lock "$CACHE" >&2
work=$(mktemp -d "$CACHE/userland.XXXXXX")
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
unpack() {
	# shellcheck disable=SC2016 # $1 is mmdebstrap's
	TMPDIR=$work mmdebstrap --mode=chrootless --variant=extract --format=directory --architectures="$debian" \
		--include="$(IFS=,; echo "${packages[*]}")" \
		--extract-hook='(cd "$1"/var/cache/apt/archives && ls *.deb) | sed "s/%3a/:/; s/_[^_]*$//; s/_/ /" >"$1"/packages' \
		"$release" "$work/root" "${MIRROR:-http://deb.debian.org/debian}" >"$work/log" 2>&1
}
if ! busy DEBIAN "${packages[*]} of $release for $debian" unpack >&2; then
	cp "$work/log" "$CACHE/userland.log"
	fail "no userland for $debian" "$(grep -m 3 '^E:' "$work/log" | tr '\n' ' ')" \
		"look at $CACHE/userland.log; a Debian mirror has to be reachable; name another with MIRROR="
fi
[[ -s $work/root/packages ]] || fail "no userland for $debian" "mmdebstrap unpacked no packages" \
	"run this again; another version of mmdebstrap may not have --extract-hook"
chmod -R u+rwX "$work/root"
# The loader of some is a link that starts at the root.
find "$work/root" -type l -lname '/*' | while read -r link; do
	ln -srfn "$work/root$(readlink "$link")" "$link"
done
rm -rf "$root"
mv "$work/root" "$root"
echo "$root"
