#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: build.sh MODE
#
# Builds the kernel of MODE (patched or base), its modules, and the dax
# selftests with their test module, from $O/MODE/linux into $O/MODE/obj and
# $O/MODE/selftests. The log is $O/MODE/build.log. V=1 shows it, ARCH= and
# CROSS_COMPILE= go to kbuild, JOBS= sets the parallel jobs. ccache is used if
# it is there: both modes share most objects.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
patched | base) mode=$1 ;;
*) fail "no mode '${1:-}'" "it is patched or base" "scripts/build.sh --help" ;;
esac

src=$O/$mode/linux
obj=$O/$mode/obj$variant
tests=$O/$mode/selftests$variant
log=$O/$mode/build$variant.log
start=$SECONDS

cc=${CROSS_COMPILE}gcc
hostcc=gcc
if command -v ccache >/dev/null; then
	# Both trees look the same from their object directories. Without a
	# second run of the preprocessor a cold build takes a third less.
	export CCACHE_BASEDIR=$O CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
	cc="ccache $cc"
	hostcc="ccache $hostcc"
fi
# The guest compares ELF notes, not dates: keep dates out of the objects.
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
export KBUILD_BUILD_USER=dax KBUILD_BUILD_HOST=lab
make=(make -C "$src" ARCH="$ARCH" CROSS_COMPILE="$CROSS_COMPILE")

# About how many objects: what the last build left, else the lab's kernel.
total=$(cat "$obj/.objects" 2>/dev/null || echo 1670)

objects() {
	echo "$(grep -cE '^  (CC|AS) ' "$log") of at most about $total objects"
}

# To the log; in the foreground, so that an interrupt stops make as well.
quiet() {
	"$@" >>"$log" 2>&1
}

# logged WHAT CMD...: its output goes to the log; errors are shown on failure.
logged() {
	local what=$1 status=0
	shift
	if [[ $DRY == 1 ]]; then
		run "$@"
		return
	fi
	if [[ $V == 1 ]]; then
		"$@" 2>&1 | tee -a "$log" || status=$?
	else
		MEASURE=objects busy BUILD "$mode$variant: $what" quiet "$@" || status=$?
	fi
	[[ $status -eq 0 ]] && return
	grep -nE '(error|Error|undefined reference|No space left)' "$log" | head -n 20 >&2 || true
	if grep -q 'No space left on device' "$log"; then
		fail "could not build the $mode $what" "the disk under $O is full" \
			"make room, or name another build directory with O="
	fi
	fail "could not build the $mode $what" "make exited with $status, see $log" \
		"read the first error above; make V=1 shows everything"
}

command -v "${CROSS_COMPILE}gcc" >/dev/null || [[ $DRY == 1 ]] ||
	fail "no ${CROSS_COMPILE}gcc on this machine" "it compiles for ARCH=$ARCH" "make deps ARCH=$ARCH, or set CROSS_COMPILE="
lock "$O/$mode"
"$top/scripts/configure.sh" "$mode"
[[ $DRY == 1 ]] || : >"$log"
case $ARCH in
x86_64) targets=(bzImage modules) ;;
arm64 | riscv) targets=(Image modules) ;;
*) targets=(vmlinux modules) ;;
esac
logged kernel "${make[@]}" O="$obj" CC="$cc" HOSTCC="$hostcc" -j"$JOBS" "${targets[@]}"
[[ $DRY == 1 ]] || find "$obj" -name '*.o' | wc -l >"$obj/.objects"

# As users build them. The module is left beside its source, and kbuild does not
# see that it was made for another configuration.
dax=tools/testing/selftests/dax
if [[ $DRY == 1 || -d $src/$dax ]]; then
	run find "$src/$dax/test_modules" -type f ! -name '*.c' ! -name Makefile -delete
	logged selftests "${make[@]}" -C "${dax%/*}" O="$obj" KDIR="$obj" TARGETS=dax FORCE_TARGETS=1 \
		CC="${CROSS_COMPILE}gcc"
	run rm -rf "$tests"
	run cp -a "$obj/kselftest/dax" "$tests"
	run cp -a "$src/$dax/test_modules/dax_test.ko" "$tests/"
fi
# The mm selftests of the tree; what lacks a library is left out, and skipped.
if [[ " $CONFIG " == *" suites "* ]]; then
	mm=tools/testing/selftests/mm
	# Which libraries there are is looked up once, and kept in the tree.
	run rm -f "$src/$mm"/local_config.{h,mk}
	logged headers "${make[@]}" O="$obj" CC="$cc" HOSTCC="$hostcc" headers
	mapfile -t programs < <(awk -v dir="$tests/" '!/^#/ && NF { print dir $2 }' \
		"$top/tools/testing/guest/kselftest.list" | sort -u)
	# khugepaged.c of 6.12 lacks the header that has KSFT_SKIP.
	logged "mm selftests" "${make[@]}" -C "$mm" OUTPUT="$tests" -k -i CC="${CROSS_COMPILE}gcc" \
		EXTRA_CFLAGS=-DKSFT_SKIP=4 KHDR_INCLUDES="-isystem $obj/usr/include" "${programs[@]}"
	# Programs of our own for the suites.
	logged "programs of the suites" make -C "$top/tools/testing/suites" TREE="$src" OUTPUT="$tests" \
		CC="${CROSS_COMPILE}gcc" KHDR_INCLUDES="-isystem $obj/usr/include"
fi
if [[ $DRY != 1 && -s $log ]] && grep -qE '^  (CC|LD) ' "$log"; then
	say BUILT "$mode$variant kernel $(<"$obj/include/config/kernel.release") in $(since "$start")"
fi
