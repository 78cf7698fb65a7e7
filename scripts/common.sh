# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Paths, messages and the reading of series and pin. Sourced, not run.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
O=${O:-$top/build}
[[ $O == /* ]] || O=$PWD/$O
CACHE=${CACHE:-${XDG_CACHE_HOME:-${HOME:-$top/build}/.cache}/zone-device-refcounts}
ARCH=${ARCH:-x86_64}
CROSS_COMPILE=${CROSS_COMPILE:-}
CONFIG=${CONFIG:-}
JOBS=${JOBS:-$(nproc)}
V=${V:-}
DRY=${DRY:-}
case $ARCH:$(uname -m) in
arm64:aarch64 | powerpc:ppc64le | riscv:riscv64) ;;
arm64:*) CROSS_COMPILE=${CROSS_COMPILE:-aarch64-linux-gnu-} ;;
powerpc:*) CROSS_COMPILE=${CROSS_COMPILE:-powerpc64le-linux-gnu-} ;;
riscv:*) CROSS_COMPILE=${CROSS_COMPILE:-riscv64-linux-gnu-} ;;
esac
# The suffix of everything that depends on architecture and configuration, and
# what brings a person there again.
variant=${CONFIG:+-${CONFIG// /-}} again=${CONFIG:+"CONFIG=$CONFIG "}
[[ $CONFIG != *" "* ]] || again="CONFIG='$CONFIG' "
if [[ $ARCH != x86_64 ]]; then
	variant=-$ARCH$variant
	# shellcheck disable=SC2034 # read by the scripts that source this
	again="ARCH=$ARCH $again"
fi
export O CACHE ARCH CROSS_COMPILE CONFIG JOBS V DRY

# say STEP TEXT: one line of progress, in the shape of kbuild's.
say() {
	printf '  %-8s%s\n' "$1" "${*:2}"
}

# fail WHAT WHY NEXT: every error says all three.
fail() {
	printf 'error: %s\n  why:  %s\n  next: %s\n' "$1" "$2" "$3" >&2
	exit 1
}

# run CMD...: show the command with V=1, only show it with DRY=1.
run() {
	if [[ $V == 1 || $DRY == 1 ]]; then
		printf '+ %s\n' "${*@Q}"
	fi
	[[ $DRY == 1 ]] || "$@"
}

# lock DIR: two runs do not change the same directory. The lock goes with the
# last process that has it.
lock() {
	local fd
	[[ $DRY != 1 ]] || return 0
	mkdir -p "$1"
	exec {fd}<"$1"
	flock -n "$fd" || fail "another run uses $1" "it is locked; two runs would spoil each other's files" \
		"wait for the other to end"
}

case $O in
*[[:space:]:,]*) fail "O=$O cannot be used" "make and QEMU do not take a path with blanks, colons or commas" \
	"name another directory with O=" ;;
esac

# usage FILE: the leading comment of a script is its help.
usage() {
	sed -n '/^# SPDX/d; /^#!/d; /^#/!q; s/^# \{0,1\}//p' "$1"
}

# no_arguments ARG...: for scripts that have none but --help.
no_arguments() {
	case ${1:-} in
	'') return ;;
	-h | --help) usage "$0"; exit 0 ;;
	esac
	fail "${0##*/} takes no arguments" "got $*" "$0 --help"
}

# own_builds: is $O ours? Directories in it are replaced and removed without a
# question. A marker says so; without one there is nothing else in it.
own_builds() {
	local marker=$O/.zone-device-refcounts other
	[[ $DRY != 1 && $O != "$top"/build && $O != "$top"/build/* && ! -e $marker ]] || return 0
	if [[ ! -f $O/src/linux.stamp ]]; then
		other=$(find "$O" -mindepth 1 -maxdepth 1 2>/dev/null | sed 's,.*/,,' |
			grep -vxE 'src|tree|base|patched|vm|um|arch|each|mutants|count|ndctl|series\.mbox|.*\.log' | head -n 3) || :
		[[ -n $other || ! -e $O/src/linux ]] || other=src/linux
		[[ -z $other ]] || fail "O=$O has files that no build has made" \
			"there is ${other//$'\n'/, }; directories as src and patched would be replaced" \
			"name a new or an empty directory with O=; if it is one of builds: touch $marker"
	fi
	[[ -d $O ]] || mkdir -p "$O" || fail "cannot make $O" "see above" "name another directory with O="
	: >"$marker"
}

# own_results DIR: is it empty, or of a run? What is there will be removed.
own_results() {
	local file
	[[ -n $(ls -A "$1" 2>/dev/null) ]] || return 0
	for file in machine serial.log ktap.raw ktap.log tests complaints; do
		[[ ! -e $1/$file ]] || return 0
	done
	fail "$1 has files that no run has left" "what is in it would be removed" \
		"name a new or an empty directory with --results"
}

# pin NAME: a value of the pin file.
pin() {
	local value
	value=$(sed -n "s/^$1=//p" "$top/patches/base.conf")
	[[ -n $value ]] || fail "no $1 in patches/base.conf" \
		"the pin file names the base tree and is incomplete" \
		"git checkout patches/base.conf"
	printf '%s\n' "$value"
}

# series_patches [GROUP...]: patch paths below patches/, in order. UPTO=N leaves
# out what comes behind the Nth, but not the selftests.
# shellcheck disable=SC2120 # the callers elsewhere name groups
series_patches() {
	local patch group n=0
	while read -r patch; do
		if [[ -n ${UPTO:-} && $patch != selftests/* ]]; then
			n=$((n + 1))
			[[ $n -le $UPTO ]] || continue
		fi
		if [[ $# -eq 0 ]]; then
			printf '%s\n' "$patch"
			continue
		fi
		for group; do
			[[ ${patch%%/*} != "$group" ]] || printf '%s\n' "$patch"
		done
	done < <(sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$top/series")
}

# changes_hash PATCH...: names what these patches change. What their changelogs
# say is not part of it, so that they can be corrected.
changes_hash() {
	(cd "$top/patches" && printf '%s\n' "$@" |
		xargs -r awk 'FNR == 1 { diff = 0 } /^diff --git / { diff = 1 } diff') |
		sha256sum | cut -c1-12
}

# series_hash: names a state of the series; results are kept under it.
# shellcheck disable=SC2119
series_hash() {
	local patch listed=()
	while read -r patch; do
		[[ -f $top/patches/$patch ]] ||
			fail "patches/$patch is missing" "series lists it" "make lint"
		listed+=("$patch")
	done < <(series_patches)
	changes_hash "${listed[@]}"
}

# since START: elapsed time as m:ss, for progress lines.
since() {
	local s=$((SECONDS - $1))
	printf '%d:%02d' $((s / 60)) $((s % 60))
}

# busy STEP TEXT CMD...: run a command that may take long, with a line of
# progress every five seconds; with MEASURE set to the name of a function, that
# function's output is part of the line.
busy() {
	local step=$1 text=$2 start=$SECONDS quit ticker status=0
	shift 2
	say "$step" "$text"
	# It ends when its pipe is closed: a shell that is killed may run the
	# traps of this one.
	exec {quit}> >(while read -rt 5 || [[ $? -gt 128 ]]; do
		say "$step" "$(since "$start")" "$(${MEASURE:-:})"
	done)
	ticker=$!
	"$@" {quit}>&- || status=$?
	exec {quit}>&-
	wait "$ticker" || :
	return "$status"
}
