#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suite-ndctl.sh
#
# Builds ndctl's tests from Debian's source package (pinned in
# tools/testing/suites/ndctl.conf; NDCTL= names a copy of it) and the modules of
# tools/testing/nvdimm for each kernel, runs the suites ndctl:dax and ndctl:ndctl on
# the base and on the patched kernel, and compares. A skip is a failure unless
# tools/testing/expect/ndctl has it.
#
#   TESTS="mmap.sh"       only these
#   EXCLUDE="*.sh"        not these, globs
#   LIMIT=1800            seconds for one test
#   SHARD=40              tests for one boot
#   GUESTS=1              guests at a time
#   PART=some             results, and a part of suites.rst, of this name
#   MODES="patched"       one kernel only, nothing is compared
#
# Interrupted, it goes on with the tests that have no result yet. Results are
# in results/<series>/ndctl. Exit: 0 nothing is broken, 1 something is, 4 cannot
# run here.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/suite-lib.sh
. "$top/scripts/suite-lib.sh"

no_arguments "$@"
suite=ndctl options=""
suite_options 1800 40
conf() {
	sed -n "s/^$1=//p" "$top/tools/testing/suites/ndctl.conf"
}
version=$(conf VERSION)
dir=$O/ndctl

# --- the package
tarball=${NDCTL:-$CACHE/ndctl_$version.orig.tar.gz}
if [[ ! -f $tarball ]]; then
	[[ -z ${NDCTL:-} ]] || fail "no NDCTL=$NDCTL" "it is to be a copy of the pinned source package" "leave NDCTL out, and it is fetched"
	mkdir -p "$CACHE"
	say FETCH "$(conf URL)"
	run curl -sSfL --retry 2 --connect-timeout 20 -o "$tarball.part" "$(conf URL)" ||
		fail "cannot fetch ndctl" "see above" "bring $(conf URL) and name it with NDCTL="
	run mv "$tarball.part" "$tarball"
fi
if [[ $DRY != 1 ]]; then
	sum=$(sha256sum <"$tarball" | cut -d' ' -f1)
	[[ $sum == "$(conf SHA256)" ]] ||
		fail "$tarball is not ndctl $version" "its checksum is $sum, pinned is $(conf SHA256)" \
			"$([[ -n ${NDCTL:-} ]] && echo "leave NDCTL out, and it is fetched" || echo "rm $tarball, and try again")"
	mkdir -p "$dir"
fi

build_ndctl() {
	rm -rf "$dir"/{src,build}
	mkdir "$dir/src"
	tar -xf "$tarball" -C "$dir/src" --strip-components=1 &&
		meson setup "$dir/build" "$dir/src" -Dtest=enabled -Ddestructive=enabled -Ddocs=disabled \
			-Dasciidoctor=disabled -Dsystemd=disabled -Diniparserdir=/usr/include/iniparser \
			-Dversion-tag="$version" &&
		ninja -C "$dir/build" -j"$JOBS"
}

build_logged() {
	build_ndctl >"$dir/build.log" 2>&1
}

key=$(cat "$top/tools/testing/suites/ndctl.conf" "${BASH_SOURCE[0]}" | sha256sum | cut -c1-12)
if [[ $DRY != 1 && ! (-f $dir/key && $(<"$dir/key") == "$key") ]]; then
	for tool in meson ninja jq; do
		command -v $tool >/dev/null || fail "no $tool on this machine" "ndctl is built with it" "make deps"
	done
	busy NDCTL "building ndctl $version" build_logged || fail "could not build ndctl" \
		"$(grep -m 1 -iE 'error' "$dir/build.log")" "make deps; look at $dir/build.log"
	# Name and command of each test, as the guest sees it.
	meson introspect --tests "$dir/build" | jq -r '.[] | .name as $n | .cmd as $c | .suite[] |
		select(. == "ndctl:dax" or . == "ndctl:ndctl") | "\(ltrimstr("ndctl:")).\($n)\t\($c | join(" "))"' |
		sed "s,$dir/,/suite/,g" >"$dir/tests"
	[[ $(wc -l <"$dir/tests") -ge 30 ]] ||
		fail "ndctl $version has $(wc -l <"$dir/tests") tests" "36 and more were expected" "look at $dir/tests"
	echo "$key" >"$dir/key"
fi

wanted=()
read -rd '' -a tests <<<"${TESTS:-}" || :
for test in "${tests[@]}"; do
	# shellcheck disable=SC2016 # for awk
	[[ $DRY == 1 ]] || awk -F '\t' -v t="$test" '{ sub(/^[^.]*\./, "", $1) } $1 == t { found = 1 } END { exit !found }' "$dir/tests" ||
		fail "no test $test" "ndctl $version does not have it" "cut -f1 $dir/tests"
done
[[ $DRY == 1 ]] || while IFS=$'\t' read -r name _; do
	some=${TESTS:+no}
	for test in "${tests[@]}"; do
		[[ ${name#*.} != "$test" ]] || some=
	done
	[[ -n $some ]] || excluded "${name#*.}" || wanted+=("$name")
done <"$dir/tests"
[[ $DRY == 1 || ${#wanted[@]} -gt 0 ]] ||
	fail "not one test to run" "TESTS=${TESTS:-} EXCLUDE=${EXCLUDE:-} leave none" "cut -f1 $dir/tests"

# --- kernels, images, boots
suite_build "ndctl $version: ${#wanted[@]} tests"
for mode in "${modes[@]}"; do
	"$top/scripts/nvdimm-modules.sh" "$mode" "$O/$mode/ndctl"
	[[ $DRY == 1 ]] || pack "$O/$mode/ndctl.squashfs" "$key $(<"$O/$mode/ndctl/modules.key")" \
		"$dir"/{src,build,tests} "$O/$mode/ndctl/modules"
done
state="ndctl $key"
command=''
expect_lines=$(<"$top/tools/testing/expect/ndctl")$'\n'
# nfit_test has its fake addresses between 4 and 8 GiB; the dax tests want a
# region of type e820 above that, some an NVDIMM with labels and more than
# 4 GiB, hugetlb two pages of 1 GiB.
guest() {
	guest=(--disk "$O/vm/rootfs.squashfs" --disk "$O/$1/ndctl.squashfs" --memory 10G --labels 8
		--append 'memmap=4G!8G hugepagesz=1G hugepages=2')
}
suite_go
