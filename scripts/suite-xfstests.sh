#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suite-xfstests.sh
#
# Runs xfstests (XFSTESTS=, a built tree or what its "make install" installed)
# on the base and on the patched kernel and compares. TEST and SCRATCH are
# emulated NVDIMMs, mounted -o dax=always. What to run:
#
#   FS="ext4 xfs xfs-reflink xfs-rmapbt"   file systems (default: all four)
#   GROUP=dax             groups of xfstests (default dax)
#   TESTS="generic/413"   these tests and no group
#   EXCLUDE="generic/4*"  not these, globs
#   LIMIT=300             seconds for one test
#   SHARD=25              tests for one boot
#   GUESTS=1              guests at a time
#   CPUS=2                processors of each guest
#   PART=quick-ext4       results, and a part of suites.rst, of this name
#   CONFIG=plain          kernels without lockdep and the other expensive checks
#   MODES="patched"       one kernel only, nothing is compared
#
# Interrupted, it goes on with the tests that have no result yet. Results are
# in results/<series>/xfstests: a directory for each boot, the table, notrun
# (what xfstests did not run and why). A test that differs is run twice more on
# both kernels, and up to five times more if it fails on the patched one alone, but
# not always. Exit: 0 nothing is broken, 1 something is, 4 cannot run here.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/suite-lib.sh
. "$top/scripts/suite-lib.sh"

no_arguments "$@"
suite=xfstests options="FS GROUP CPUS"
tree=${XFSTESTS:-}
all_fs="ext4 xfs xfs-reflink xfs-rmapbt"

# --- the tree
[[ -n $tree ]] || fail "XFSTESTS= is not set" "the laboratory neither downloads nor builds xfstests" \
	"build it (see README.md), then make suite SUITE=xfstests XFSTESTS=/the/tree"
[[ -d $tree ]] || fail "no directory XFSTESTS=$tree" "it is to be a built or installed xfstests" "see README.md"
tree=$(realpath "$tree")

fs_list=()
for fs in ${FS:-$all_fs}; do
	[[ " $all_fs " == *" $fs "* ]] || fail "no file system FS=$fs" "there are: $all_fs" "FS=ext4"
	fs_list+=("$fs")
done
suite_options 300 25
cpus=${CPUS:-2}
[[ $cpus =~ ^[1-9]$ ]] || fail "CPUS=$cpus" "it is a number, 1 to 9" "leave it out for 2"

missing=()
for file in check common/config common/rc common/preamble tests/{generic,ext4,xfs}/group.list; do
	[[ -s $tree/$file ]] || missing+=("$file")
done
for file in ltp/fsstress ltp/fsx src/feature src/t_mmap_dio; do
	[[ -x $tree/$file ]] || missing+=("$file")
done
[[ ${#missing[@]} -eq 0 ]] || fail "$tree is not a built xfstests" "there is no ${missing[*]}" \
	"make there first (its own README names the packages), or name another with XFSTESTS="

# tests_of FS: the tests that were asked for, one "dir/number" a line.
tests_of() {
	local dir
	if [[ -n ${TESTS:-} ]]; then
		tr -s ' ' '\n' <<<"$TESTS"
	else
		for dir in generic "${1%-*}"; do
			awk -v dir="$dir" -v groups=" ${GROUP:-dax} " '
				/^[0-9]/ {
					for (i = 2; i <= NF; i++)
						if (index(groups, " " $i " ")) { print dir "/" $1; next }
				}' "$tree/tests/$dir/group.list"
		done
	fi | while read -r test; do
		! excluded "$test" || continue
		[[ ${test%/*} == generic || ${test%/*} == "${1%-*}" ]] || continue
		printf '%s.%s\n' "$1" "${test/\//.}"
	done
}

wanted=()
for fs in "${fs_list[@]}"; do
	mapfile -t -O ${#wanted[@]} wanted < <(tests_of "$fs")
done
[[ ${#wanted[@]} -gt 0 ]] || fail "not one test to run" \
	"no test of ${TESTS:-group ${GROUP:-dax}} for ${fs_list[*]} is left" "look at $tree/tests/*/group.list"
for test in "${wanted[@]}"; do
	file=tests/${test#*.}
	file=${file/./\/}
	[[ -s $tree/$file ]] || missing+=("$file")
	[[ ! -s $tree/$file ]] || while read -r program; do
		[[ -x $tree/src/$program ]] || say MISSING "$tree/src/$program: $file will not run"
	done < <(sed -n 's/^[[:space:]]*_require_test_program "\{0,1\}\([a-zA-Z0-9_./-]*\)"\{0,1\}.*/\1/p' "$tree/$file")
done
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u | sed '/^$/d')
[[ ${#missing[@]} -eq 0 ]] || fail "parts of $tree are missing" "$(printf '%s; ' "${missing[@]}")" \
	"install the library that each needs and make again there, or leave the tests out with EXCLUDE="

# --- kernels, images, boots
release=''
[[ ! -e $tree/.git ]] || release=$(git -C "$tree" log -1 --format=' %h of %cs')
suite_build "xfstests$release: ${#wanted[@]} tests on ${fs_list[*]}"
image=$O/vm/xfstests.squashfs
key=$(cd "$tree" && find . -name .git -prune -o -type f -printf '%P %s %T@\n' | LC_ALL=C sort | sha256sum | cut -c1-12)
state="tree $key, $cpus processors"
command=" XFSTESTS=..."
expect_lines="xfstests.* mayskip xfstests says why, see notrun
"
guest() {
	guest=(--disk "$O/vm/rootfs.squashfs" --disk "$image" --cpus "$cpus")
}
[[ $DRY == 1 ]] || pack "$image" "$key" "$tree" -wildcards -e .git '... *.o' '... *.lo'
suite_go
