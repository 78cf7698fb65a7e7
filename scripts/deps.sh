#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: deps.sh [arch]
#
# Looks for the Debian packages that the laboratory uses, names all that are
# missing at once and installs them: directly as root, else through sudo after
# asking; with ARCH= also those of this architecture, with "arch" all that
# check-arch.sh uses. DEPS=skip does without, DRY=1 only prints the commands.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[[ $# -eq 0 || $* == arch ]] || { usage "$0"; [[ $1 == -h || $1 == --help ]] && exit 0 || exit 2; }
arch=${1:-}
[[ ${DEPS:-} != skip ]] || exit 0

# One package a line, and what uses it.
list() {
	cat <<-'EOF'
	git               the series: git apply, git am
	procps            the laboratory's own tests: ps
	bc                the kernel build: kernel/time/timeconst.h
	bison             the kernel build: Kconfig
	flex              the kernel build: Kconfig
	gcc               the kernel build and the tests
	libc6-dev         the kernel build's host programs and the tests
	libelf-dev        the kernel build: objtool
	libssl-dev        the kernel build: certs
	cpio              the guest's initramfs
	ccache            makes the second build short
	rsync             the kernel build: headers_install, and kselftest's install
	perl              the kernel build, checkpatch and kernel-doc
	patch             scripts of the kernel tree, quilt
	xz-utils          unpacking the base
	ca-certificates   fetching the base from kernel.org
	curl              fetching the base from kernel.org
	quilt             the series, as its users apply it
	busybox-static    the guest's shell
	ndctl             the guest: namespaces on NVDIMMs
	daxctl            the guest: device-dax
	e2fsprogs         the guest: mkfs.ext4
	xfsprogs          the guest: mkfs.xfs, xfs_io
	fdisk             the guest: sfdisk
	qemu-system-x86   the machine
	shellcheck        make lint: the scripts
	meson             make suite SUITE=ndctl
	ninja-build       make suite SUITE=ndctl
	jq                make suite SUITE=ndctl
	kmod              make suite SUITE=ndctl: depmod
	libkmod-dev       make suite SUITE=ndctl
	libudev-dev       make suite SUITE=ndctl
	libjson-c-dev     make suite SUITE=ndctl
	libkeyutils-dev   make suite SUITE=ndctl
	libiniparser-dev  make suite SUITE=ndctl
	libtraceevent-dev make suite SUITE=ndctl
	libtracefs-dev    make suite SUITE=ndctl
	uuid-dev          make suite SUITE=ndctl
	pkg-config        make suite SUITE=ndctl
	mmdebstrap        make suite: the root image
	squashfs-tools    make suite: the root image, xfstests
	fio               make suite SUITE=stress
	stress-ng         make suite SUITE=stress
	libcap-dev        make suite SUITE=kselftest: mlock-random-test
	libnuma-dev       make suite SUITE=kselftest: ksm and migration tests
	liburing-dev      make suite SUITE=kselftest: pins of io_uring in cow, gup_longterm
	liburcu-dev       make check: tools/testing/vma of the tree
	EOF
	# Those of one ARCH, or of all.
	sed -n "/ARCH=$([[ $arch == arch ]] || echo "$ARCH:")/p" <<-'EOF'
	clang-19                      make check-arch, ARCH=x86_64 by clang, and loongarch
	lld-19                        make check-arch, ARCH=x86_64 by clang, and loongarch
	llvm-19                       make check-arch, ARCH=x86_64 by clang, and loongarch
	gcc-s390x-linux-gnu           make check-arch, ARCH=s390
	gcc-aarch64-linux-gnu         ARCH=arm64: the kernel
	libc6-dev-arm64-cross         ARCH=arm64: the tests
	qemu-system-arm               ARCH=arm64: the machine
	gcc-powerpc64le-linux-gnu     ARCH=powerpc: the kernel
	libc6-dev-ppc64el-cross       ARCH=powerpc: the tests
	qemu-system-ppc               ARCH=powerpc: the machine
	gcc-riscv64-linux-gnu         ARCH=riscv: the kernel
	libc6-dev-riscv64-cross       ARCH=riscv: the tests
	qemu-system-misc              ARCH=riscv: the machine
	opensbi                       ARCH=riscv: the machine's firmware
	device-tree-compiler          ARCH=arm64: ARCH=riscv: NVDIMMs in the device tree
	EOF
}

mapfile -t wanted < <(list | awk '{ print $1 }')
command -v dpkg-query >/dev/null || fail "this is not a Debian machine" \
	"without dpkg nobody can tell what is installed" \
	"install the like of: ${wanted[*]}; then DEPS=skip make"

mapfile -t missing < <(
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
		sed -n 's/^installed //p' | sort -u | comm -13 - <(printf '%s\n' "${wanted[@]}" | sort))
[[ ${#missing[@]} -gt 0 ]] || exit 0

say MISSING "${#missing[@]} of ${#wanted[@]} packages:"
list | awk -v missing=" ${missing[*]} " 'index(missing, " " $1 " ")' | sed 's/^/            /'

as_root=()
if [[ $(id -u) -ne 0 ]]; then
	if [[ $DRY != 1 ]] && ! { command -v sudo >/dev/null && [[ -t 0 && -t 1 ]]; }; then
		fail "packages are missing" "not root, and no sudo or no terminal to ask on" \
			"as root: apt-get install --no-install-recommends ${missing[*]}; or DEPS=skip make"
	fi
	as_root=(sudo)
	if [[ $DRY != 1 ]]; then
		read -rp "  install them with sudo apt-get? [Y/n] " answer || answer=n
		[[ $answer != [nN]* ]] || fail "packages are missing" "you said no" \
			"install them yourself, or DEPS=skip make"
	fi
fi

apt() {
	run "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"
}

# Lists older than a day may name packages that the mirrors no longer have.
fresh=$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mtime -1 -print -quit 2>/dev/null) || :
[[ -n $fresh ]] || apt update || fail "apt-get update failed" "see above" \
	"repair /etc/apt or the network; or DEPS=skip make"
apt install -y --no-install-recommends "${missing[@]}" || fail "apt-get install failed" "see above" \
	"install ${missing[*]} yourself, then make again"
