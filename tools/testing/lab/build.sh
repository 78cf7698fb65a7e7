#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: build.sh
#
# Tests configure.sh, build.sh and check.sh on a stand-in for the kernel tree
# and for the parts of a check. KTAP on stdout.

# shellcheck disable=SC2016,SC2317 # dollars of others; check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
: "${tmp:?}"
repo=$tmp/repo s=$tmp/repo/scripts
unset ARCH CROSS_COMPILE CONFIG V DRY
export O=$tmp/O HOME=$tmp JOBS=1
tree=$O/base/linux obj=$O/base/obj config=$repo/tools/testing/config dax=tools/testing/selftests/dax
mkdir -p "$config" "$tree/scripts/kconfig" "$tree/$dax/test_modules"
cp -r "$(dirname "${BASH_SOURCE[0]}")/../../../scripts" "$repo/"
for name in common dax x86_64 debug; do
	echo "CONFIG_${name^^}=y" >"$config/$name.config"
done
# It "builds" by the script ./recipe; olddefconfig drops CONFIG_LOST.
cat >"$tree/Makefile" <<'E'
tinyconfig: ; @: >$(KCONFIG_CONFIG)
olddefconfig: ; @sed -i /CONFIG_LOST/d $(KCONFIG_CONFIG)
bzImage: ; @mkdir -p $(O)/include/config; echo 6.12.0 >$(O)/include/config/kernel.release; sh ./recipe
modules: ;
E
printf '#!/bin/sh\nshift 5\ncat "$@" >>"$KCONFIG_CONFIG"\n' >"$tree/scripts/kconfig/merge_config.sh"
chmod +x "$tree/scripts/kconfig/merge_config.sh"
cat >"$tree/${dax%/*}/Makefile" <<'E'
all: ; @mkdir -p $(O)/kselftest/$(TARGETS) && sh ./recipe && echo prog >$(O)/kselftest/$(TARGETS)/prog && \
	cd $(TARGETS)/test_modules && { [ -f dax_test.ko ] || echo $(O) >dax_test.ko; }
E
# As another configuration left it.
echo other >"$tree/$dax/test_modules/dax_test.ko"

# recipe COMMANDS [DIR]
recipe() { printf '%s\n' "$1" >"$tree/${2:-}/recipe"; }
recipe 'echo "  CC      a.o"'
recipe : "${dax%/*}"

# one_error TEXT CMD...: fails with one error that says TEXT and a next step.
one_error() {
	says 1 "$@" && [[ $(grep -c '^error: ' "$tmp/says") -eq 1 ]] && grep -q '^  next: ' "$tmp/says"
}

echo "TAP version 13"
echo "CONFIG_LOST=y" >>"$config/dax.config"
check "a symbol that did not take is named" one_error "CONFIG_LOST=n (wanted y)" "$s/configure.sh" base
sed -i /LOST/d "$config/dax.config"
check "a fragment that is not there is named" one_error "no fragment tools/testing/config/nosuch.config" env CONFIG=nosuch "$s/configure.sh" base
configured() { "$s/configure.sh" base && grep -qx CONFIG_DEBUG=y "$obj/.config"; }
check "a compiler that is not there is named" one_error "no nosuch-gcc on this machine" env CROSS_COMPILE=nosuch- "$s/build.sh" base
check "an unknown architecture" one_error "no fragment tools/testing/config/sparc.config" env ARCH=sparc "$s/build.sh" base
check "all fragments are in the configuration" configured

built() { says 0 "BUILT   base kernel 6.12.0" "$s/build.sh" base && [[ -f $O/base/selftests/prog && -f $O/base/selftests/dax_test.ko ]]; }
check "kernel, selftests and module" built
check "the module is that of this configuration" grep -qx "$obj" "$O/base/selftests/dax_test.ko"
recipe 'echo "a.c:1:1: error: expected x"; exit 1'
check "a compile error" one_error "a.c:1:1: error: expected x" "$s/build.sh" base
check "a compile error with V=1" one_error "make exited with 2" env V=1 "$s/build.sh" base
recipe 'echo "cc1: fatal error: a.o: No space left on device"; exit 1'
check "a full disk" one_error "the disk under $O is full" "$s/build.sh" base
recipe :
recipe 'echo "prog.c:1:1: error: expected y"; exit 1' "${dax%/*}"
check "a selftest that does not compile" one_error "could not build the base selftests" "$s/build.sh" base
recipe : "${dax%/*}"

# Job control gives the build a process group, as a terminal does.
recipe "echo \$PPID >$tmp/make.new; mv $tmp/make.new $tmp/make; sleep 20"
started() {
	for ((i = 0; i < 100; i++)); do
		[[ ! -e $tmp/make ]] || return 0
		sleep 0.1
	done
	echo "make did not start"
	return 1
}
interrupt() {
	local build left=0
	rm -f "$tmp/make"
	set -m
	"$s/build.sh" base &
	build=$!
	set +m
	started || left=1
	kill -INT -- "-$build"
	for ((i = 0; i < 100; i++)); do
		kill -0 -- "-$build" 2>/dev/null || break
		sleep 0.1
	done
	kill -0 -- "-$build" 2>/dev/null && { echo "left behind:"; ps -o pid,args -g "$build"; left=1; }
	kill -KILL -- "-$build" 2>/dev/null
	wait "$build" 2>/dev/null && { echo "exit status 0"; left=1; }
	return "$left"
}
check "an interrupt leaves no make behind" interrupt
locked() {
	local build status=0
	rm -f "$tmp/make"
	set -m
	"$s/build.sh" base &
	build=$!
	set +m
	started && one_error "another run uses $O/base" "$s/build.sh" base || status=1
	kill -KILL -- "-$build"
	wait "$build" 2>/dev/null
	return "$status"
}
check "two builds at a time are refused" locked
check "a build directory with a blank is refused" one_error "cannot be used" env O="$tmp/a b" "$s/build.sh" base

# part FILE COMMANDS: a stand-in for a part of the check.
part() {
	mkdir -p "$(dirname "$repo/$1")"
	printf '#!/bin/sh\n%s\n' "$2" >"$repo/$1"
	chmod +x "$repo/$1"
}
for name in deps fetch lint prepare build; do
	part "scripts/$name.sh" :
done
part scripts/lab-test.sh 'echo "4 passed, 0 failed, 1 skipped"'
part scripts/vma-test.sh 'echo "3 passed, 0 failed"'
part tools/testing/vm/test.sh 'echo "10 passed, 0 failed, 2 skipped"'
last_line() {
	says "$1" "$2" "$s/check.sh" && [[ $(tail -n 1 "$tmp/says") == "$2" ]]
}
check "check.sh adds up" last_line 0 "28 passed, 0 failed, 5 skipped"
part tools/testing/vm/test.sh 'echo "9 passed, 1 failed"; exit 1'
check "failures are added up" last_line 1 "26 passed, 2 failed, 1 skipped"
part tools/testing/vm/test.sh 'echo "10 passed, 0 failed, 2 skipped"'
part scripts/build.sh '[ $1 != base ] || exit 1'
check "a part that ends early has failed" last_line 1 "18 passed, 1 failed, 3 skipped"
part scripts/lint.sh 'exit 1'
check "so has one without counts" last_line 1 "17 passed, 2 failed, 3 skipped"
echo kept | tee -a "$O"/check-*.log >/dev/null
before=$(cat "$O"/check-*.log)
dry() { DRY=1 "$s/check.sh"; [[ $before == "$(cat "$O"/check-*.log)" ]]; }
check "DRY=1 leaves the logs" dry

# A row of check-arch that is booted.
mkdir -p "$repo/tools/testing/arch" "$tmp/bin"
printf '#!/bin/sh\n' >"$tmp/bin/nowhere-gcc"
chmod +x "$tmp/bin/nowhere-gcc"
echo "box nowhere nowhere- boot small" >"$repo/tools/testing/arch/list"
: >"$repo/series"
part scripts/prepare.sh :
part scripts/build.sh 'echo "  CC      a.o" >"$O/patched/build-$ARCH-$CONFIG.log"'
mkdir -p "$O/patched"
arch_says() { says "$1" "$2" env PATH="$tmp/bin:$PATH" "$s/check-arch.sh" && [[ $(tail -n 1 "$tmp/says") == "$3" ]]; }
part tools/testing/vm/test.sh 'echo "7 passed, 0 failed, 1 skipped"'
check "a kernel that is booted" arch_says 0 "box, boot: 7 passed, 0 failed, 1 skipped" "1 passed, 0 failed, 0 skipped"
part tools/testing/vm/test.sh 'echo "FAILED a.b.c: broken"; echo "7 passed, 1 failed"; exit 1'
check "a test that fails there fails the row" arch_says 1 "FAILED box: FAILED a.b.c: broken" "0 passed, 1 failed, 0 skipped"
part tools/testing/vm/test.sh 'echo "error: the kernel died"; exit 1'
check "so does a guest that dies" arch_says 1 "no results" "0 passed, 1 failed, 0 skipped"
part tools/testing/vm/test.sh 'echo "7 passed, 0 failed, 1 skipped"'
part scripts/configure.sh :
part scripts/build.sh 'printf "  CC      a.o\na.c:1:1: warning: fresh\n" >"$O/patched/build-$ARCH-$CONFIG.log"'
cat >"$tree/Makefile" <<'E'
prepare modules_prepare: ;
%.o: ; @[ -e $(O)/$@ ] || cat warning
E
: >"$tree/warning"
check "a warning that the base does not have" arch_says 1 "a.c: warning: fresh" "0 passed, 1 failed, 0 skipped"
# Its object is there, from another time.
mkdir -p "$O/base/obj-nowhere-small"
: >"$O/base/obj-nowhere-small/a.o"
echo "a.c:7:1: warning: fresh" >"$tree/warning"
check "one that it has" arch_says 0 "box, boot" "1 passed, 0 failed, 0 skipped"
part scripts/build.sh 'echo "error: no"; exit 1'
check "a build that fails" arch_says 1 "FAILED box" "0 passed, 1 failed, 0 skipped"
check "no such row" says 1 "error: no row bo" "$s/check-arch.sh" box bo
finish
