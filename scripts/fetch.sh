#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: fetch.sh
#
# Brings the base tree that patches/base.conf pins to $O/src/linux and checks
# it. Sources: KERNEL_SRC (a tarball or a tree) if it is set; otherwise the
# cache, the pinned Debian package, the newest release of the same series that
# apt's sources offer, kernel.org. Does nothing if the tree is
# there already; removing $O/src/linux.stamp makes it look again.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"
no_arguments "$@"

need_mib=2048	# an unpacked 6.12 takes 1.6 GiB
version=$(pin BASE_VERSION)
package=$(pin BASE_PACKAGE)
package_version=$(pin BASE_PACKAGE_VERSION)
sum=$(pin BASE_TARBALL_SHA256)
url=$(pin BASE_URL)
release=${version%.*}
tree=$O/src/linux
source=${KERNEL_SRC:-}
mapfile -t patches < <(series_patches)
scratch
tried=() part=''

is_git() {
	[[ $(git -C "$1" rev-parse --show-toplevel 2>/dev/null) == "$(realpath "$1")" ]]
}

# What was asked for. It is the first line of the stamp, so that another
# tarball, a changed tree or a new pin is noticed.
asked() {
	if [[ -z $source ]]; then
		echo "pin $version $package_version $sum"
	elif is_git "$source"; then
		echo "git $(realpath "$source") $(git -C "$source" rev-parse HEAD)"
	elif [[ -d $source ]]; then
		echo "tree $(realpath "$source") $(cd "$source" && {
			echo Makefile
			touched "${patches[@]}"
		} | xargs sha256sum 2>/dev/null | sha256sum | cut -c1-16)"
	else
		echo "file $(realpath "$source") $(stat -Lc '%s %Y' "$source")"
	fi
}

# room DIR: the disk is asked before anything is written.
room() {
	local free
	mkdir -p "$1" || fail "cannot make $1" "see above" "name another directory with O= or CACHE="
	free=$(df --output=avail -BM "$1" | sed '1d; s/[^0-9]//g')
	[[ $free -ge $need_mib ]] || fail "not enough room in $1" \
		"$free MiB are free and the base takes $need_mib" \
		"make room, or name another directory with O= (now $O)"
}

tree_version() {
	sed -n 's/^\(VERSION\|PATCHLEVEL\|SUBLEVEL\) = *//p' "$1/Makefile" 2>/dev/null | head -n 3 | paste -sd.
}

check_version() {
	local is
	is=$(tree_version "$1")
	[[ $is == "$release".* ]] || fail "$2 is not a $release kernel" \
		"its Makefile says ${is:-nothing about a version} and the series is for $version" \
		"name a $release tree or tarball, or unset KERNEL_SRC"
}

# The tarball is open as 3, so its position tells how far tar is.
percent() {
	echo $(($(sed -n 's/^pos:[[:space:]]*//p' "/proc/self/fdinfo/3") * 100 / bytes)) %
}

# unpack FILE DIR
unpack() {
	local how=()
	case $1 in
	*.xz) how=(--xz) ;;
	*.gz | *.tgz) how=(--gzip) ;;
	*.tar) ;;
	*) fail "cannot unpack $1" "it is neither .tar, .tar.xz nor .tar.gz" "name another tarball" ;;
	esac
	bytes=$(stat -Lc %s "$1")
	# New times on all files: objects built from another base are then too old.
	exec 3<"$1"
	MEASURE=percent busy UNPACK "${1##*/}" tar -xm --strip-components=1 -C "$2" \
		"${how[@]}" -f - <&3 2>"$work/err" && return
	why=$(head -n 1 "$work/err")
	if grep -qi -e 'no space left' -e 'too large' -e 'wrote only' "$work/err"; then
		fail "the disk filled up while $1 was unpacked" "$why" \
			"make room, or name another directory with O= (now $O); nothing was left behind"
	fi
	fail "cannot unpack $1" "it is truncated or damaged: $why" "get it again; nothing was left behind"
}

checksum_ok() {
	[[ $(sha256sum <"$1") == "$sum "* ]]
}

# The cache holds the inner tarball only, under the package's version.
cached=$CACHE/${package}_$package_version.tar.xz

so_far() {
	echo "$(du -cm "$work"/*.deb "$CACHE"/*.part 2>/dev/null | tail -n 1 | cut -f1) MiB"
}

apt_download() {
	(cd "$work" && apt-get -q download "$1" >"$work/apt" 2>&1)
}

# from_package VERSION TO: Debian's package without installing it.
from_package() {
	part=$2.part
	MEASURE=so_far busy FETCH "Debian's $package $1" apt_download "$package=$1" || {
		tried+=("Debian's $package=$1: $(grep -m 1 '^E:' "$work/apt" || echo 'apt-get failed')")
		return 1
	}
	dpkg-deb --fsys-tarfile "$work/$package"_*.deb |
		tar -xO --wildcards -f - "./usr/src/$package.tar.*" >"$2.part" || {
		rm -f "$2.part" "$work/$package"_*.deb
		fail "cannot unpack the package $package=$1" "see above; the disk of $CACHE may be full" \
			"make room, or name another directory with CACHE="
	}
	rm -f "$work/$package"_*.deb
	mv "$2.part" "$2"
}

newest_other() {
	apt-cache madison "$package" 2>/dev/null | awk -F'|' '{ gsub(/ /, "", $2); print $2 }' |
		grep -F "$release." | grep -vxF "$package_version" | sort -Vu | tail -n 1
}

download() {
	if command -v curl >/dev/null; then
		curl -sSfL --retry 2 --connect-timeout 20 -o "$2" "$1"
	else
		wget -nv -T 20 -t 3 -O "$2" "$1"
	fi
}

# accept NAME: what lies in $fresh is a base; how near the pin is in $work/state.
accept() {
	local differ state="the pinned tarball"
	check_version "$fresh" "$1"
	if [[ -z $pinned ]]; then
		differ=$(manifest_differs "$fresh")
		state="same as the pin where it matters"
		if [[ -n $differ ]]; then
			rm -rf "$work/new"
			push_checked "$fresh" "$work/new" "$1"
			state="not the pin, but the series applies; these differ: ${differ//$'\n'/ }"
		fi
	fi
	echo "$state" >"$work/state"
}

# usable NAME: $tarball, which is not the pinned one, will do; unpacks it.
usable() {
	(unpack "$tarball" "$fresh" && accept "$tarball") 2>"$work/why" && return
	find "$fresh" -mindepth 1 -delete
	tried+=("$1: $(sed -n 's/^error: //p' "$work/why"); rm '$tarball' gets it anew")
	return 1
}

# automatic: sets $tarball and $pinned.
automatic() {
	local other
	pinned=1 tarball=$cached
	if [[ -f $cached ]]; then
		checksum_ok "$cached" && return
		fail "the cached base is damaged: $cached" \
			"its sha256 is not the one of patches/base.conf" "rm '$cached' and run this again"
	fi
	tried+=("the cache $CACHE: no ${cached##*/}")
	room "$CACHE"
	if from_package "$package_version" "$cached"; then
		checksum_ok "$cached" && return
		rm -f "$cached"
		fail "Debian's $package $package_version is not what was pinned" \
			"its tarball does not have the sha256 of patches/base.conf" \
			"run this again; if it stays so, distrust the mirror"
	fi
	pinned=''
	other=$(newest_other) || :
	if [[ -n $other ]]; then
		tarball=$CACHE/${package}_$other.tar.xz
		if [[ -f $tarball ]] || from_package "$other" "$tarball"; then
			! usable "Debian's $package $other" || return 0
		fi
	else
		tried+=("another $release in apt's sources: none")
	fi
	tarball=$CACHE/${url##*/}
	if [[ -f $tarball ]]; then
		usable "the cache" && return
		fail "no base tree was found" "$(printf '\n          tried %s' "${tried[@]}")" "rm '$tarball' and run this again"
	fi
	part=$tarball.part
	if MEASURE=so_far busy FETCH "$url" download "$url" "$tarball.part" 2>"$work/err"; then
		mv "$tarball.part" "$tarball"
		return
	fi
	rm -f "$tarball.part"
	tried+=("$url: $(tail -n 1 "$work/err")")
	fail "no base tree was found" "$(printf '\n          tried %s' "${tried[@]}")" \
		"apt-get update, or name a tarball or tree: make KERNEL_SRC=..."
}

pack_tree() {
	if is_git "$1"; then
		git -C "$1" -c tar.umask=022 archive --prefix=linux/ HEAD
	else
		tar -C "$1" --transform 's,^\.,linux,' -cf - .
	fi
}

copy_tree() {
	pack_tree "$1" | tar -xm --strip-components=1 -C "$2" -f -
}

check_tree() {
	check_version "$1" "$1"
	if is_git "$1"; then
		[[ -z $(git -C "$1" status --porcelain -uno) ]] || fail "$1 is not clean" \
			"git status shows changes; the base is its HEAD" "commit or stash them in $1"
	elif [[ -e $1/.config || -d $1/include/config ]]; then
		fail "$1 has been built in" "a tree with objects in it cannot be built elsewhere" \
			"make -C $1 mrproper, or name a tarball"
	fi
	[[ ! -d $1/.pc ]] || fail "$1 is already patched" "quilt's .pc is in it" "(cd $1 && quilt pop -a && rm -r .pc)"
}

[[ -z $source || -e $source ]] || fail "KERNEL_SRC=$source is not there" "no such file or directory" \
	"name a tarball or a tree, or unset KERNEL_SRC"
want=$(asked)
[[ -d $tree && -f $stamp && $(head -n 1 "$stamp") == "$want" ]] && exit 0

if [[ $DRY == 1 ]]; then
	say FETCH "$tree from ${source:-cache, Debian package $package=$package_version, newest $release.y, $url}"
	exit 0
fi
own_builds
room "$O"
lock "$O/src"
rm -rf "$O"/src/.new.*
fresh=$(mktemp -d "$O/src/.new.XXXXXX")
chmod 755 "$fresh"
trap 'rm -rf "$work" "$fresh" ${part:+"$part"}' EXIT
trap 'exit 130' INT TERM HUP

pinned='' tarball=''
if [[ -z $source ]]; then
	automatic
elif [[ -d $source ]]; then
	check_tree "$source"
	busy COPY "$source" copy_tree "$source" "$fresh" 2>"$work/err" ||
		fail "cannot copy $source" "$(tail -n 1 "$work/err")" "make room or repair it; nothing was left behind"
else
	tarball=$source
	! checksum_ok "$source" || pinned=1
fi
[[ -z $tarball || -f $work/state ]] || unpack "$tarball" "$fresh"
[[ -n $source ]] || source=$tarball
[[ -f $work/state ]] || accept "$source"
state=$(<"$work/state")
is=$(tree_version "$fresh")
rm -rf "$stamp" "$tree"
mv "$fresh" "$tree"
printf '%s\nversion %s\nsource %s\nstate %s\n' "$want" "$is" "$source" "$state" >"$stamp"
say BASE "$is: $state"
