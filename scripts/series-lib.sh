# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Applying the series to copies of the files it touches, and writing a commit
# as a patch. Sourced after common.sh, by the scripts that change trees.

: "${top:?source common.sh first}"

# Nothing of the user's git or locale may change a byte of what is written.
export LC_ALL=C.UTF-8 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_EXTERNAL_DIFF GIT_DIFF_OPTS
# A tree that somebody else owns is to be looked at all the same.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'

stamp=$O/src/linux.stamp

# scratch: a directory that goes away with the script; its name is in $work.
scratch() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/series.XXXXXX")
	trap 'rm -rf "$work"' EXIT
}

# need_base: stop unless fetch.sh has been here.
need_base() {
	[[ -f $stamp && -d $O/src/linux ]] ||
		fail "there is no base tree in $O/src/linux" \
			"it has not been fetched, or not completely" "make fetch"
}

# link_base FROM: hard links to the base of another build directory in $O, made
# anew when it is another one. The files are never written.
link_base() {
	[[ $DRY != 1 ]] || return 0
	! cmp -s "$1/linux.stamp" "$O/src/linux.stamp" || return 0
	rm -rf "$O/src" "$O/src.new"
	if ! busy LINK "$O/src" cp -al "$1" "$O/src.new"; then
		rm -rf "$O/src.new"
		fail "cannot link $1 to $O/src" "see above; the disk may be full or know no hard links" \
			"make room, or name another directory with O="
	fi
	mv "$O/src.new" "$O/src"
}

# patches_hash [GROUP...]: names what the series does, whatever its comments.
# shellcheck disable=SC2120 # prepare.sh names groups
patches_hash() {
	series_patches "$@" | while read -r patch; do
		printf '%s\n' "$patch"
		cat "$top/patches/$patch"
	done | sha256sum | cut -d' ' -f1
}

# git apply outside of any repository: inside of one it would leave out what
# lies above the current directory. It never applies with fuzz.
apply_in() {
	local dir=$1
	shift
	git --git-dir="$work/none.git" --work-tree="$dir" -C "$dir" \
		apply --whitespace=nowarn "$@"
}

# touched PATCH...: the files that the patches touch, sorted.
touched() {
	[[ $# -eq 0 ]] || (cd "$top/patches" && cat -- "$@") |
		sed -n 's,^diff --git a/\(.*\) b/\1$,\1,p' | LC_ALL=C sort -u
}

# copy_files FROM TO: the files named on stdin, as far as they exist.
copy_files() {
	local file
	mkdir -p "$2"
	while read -r file; do
		[[ -e $1/$file || -L $1/$file ]] || continue
		mkdir -p "$2/$(dirname "$file")"
		cp -dp "$1/$file" "$2/$file"
	done
}

# push DIR PATCH...: apply in order; at a failure, $failed is the patch and
# $reason what git said.
push() {
	local dir=$1
	shift
	for failed; do
		reason=$(apply_in "$dir" "$top/patches/$failed" 2>&1) || return 1
	done
	failed='' reason=''
}

# pop DIR PATCH...: take out, in the opposite order.
pop() {
	local dir=$1 i
	shift
	for ((i = $#; i > 0; i--)); do
		failed=${!i}
		reason=$(apply_in "$dir" -R "$top/patches/$failed" 2>&1) || return 1
	done
	failed='' reason=''
}

# applied_count TREE PATCH...: how many of the patches TREE has already, from
# the first on. Asked only once something has failed: it tries them all.
applied_count() {
	local tree=$1 n
	shift
	for ((n = $#; n > 0; n--)); do
		rm -rf "$work/count"
		touched "$@" | copy_files "$tree" "$work/count"
		! (pop "$work/count" "${@:1:n}") || break
	done
	rm -rf "$work/count"
	printf '%d\n' "$n"
}

# push_checked TREE NEW [NAME]: NEW gets the files that the series touches,
# patched; TREE is not changed. Stops with the reason if that cannot be; NAME
# is what the user calls the tree.
push_checked() {
	local tree=$1 new=$2 name=${3:-$1} patch why count patches
	mapfile -t patches < <(series_patches)
	if [[ -s $tree/.pc/applied-patches ]]; then
		fail "$name is already patched" \
			"quilt has applied $(wc -l <"$tree/.pc/applied-patches") patches in it" \
			"(cd $name && quilt pop -a), or name an untouched tree"
	fi
	touched "${patches[@]}" | copy_files "$tree" "$new"
	! push "$new" "${patches[@]}" || return 0
	patch=$failed why=$reason
	count=$(applied_count "$tree" "${patches[@]}")
	if [[ $count -gt 0 ]]; then
		fail "$name is already patched" \
			"the first $count of ${#patches[@]} patches of the series are in it" \
			"name an untouched tree; make unapply TREE=... takes a whole series out"
	fi
	fail "patches/$patch does not apply to $name" "${why//$'\n'/; }" \
		"the tree must be $(pin BASE_VERSION) or close to it; nothing was changed"
}

# install_files NEW TREE: make the files named on stdin in TREE what they are
# in NEW, in two steps, so that a full disk stops it before anything changed.
# New inodes: the old ones may be shared with another tree.
install_files() {
	local new=$1 tree=$2 file ready=()
	trap 'not_installed "$tree" "${ready[@]}"; exit 130' INT TERM HUP
	while read -r file; do
		if [[ ! -e $new/$file ]]; then
			[[ ! -e $tree/$file ]] || ready+=("$file")
			continue
		fi
		if cmp -s "$new/$file" "$tree/$file" &&
			[[ -x $new/$file && -x $tree/$file || ! -x $new/$file && ! -x $tree/$file ]]; then
			continue
		fi
		ready+=("$file")
		if ! { mkdir -p "$tree/$(dirname "$file")" &&
			cp "$new/$file" "$tree/$file.series-new"; }; then
			not_installed "$tree" "${ready[@]}"
			fail "cannot write $file in $tree" "see above; the disk may be full" \
				"nothing was changed; make room and try again"
		fi
	done
	# This takes a moment, and is done to its end.
	trap '' INT TERM HUP
	for file in "${ready[@]}"; do
		if [[ -e $tree/$file.series-new ]]; then
			mv -f "$tree/$file.series-new" "$tree/$file"
		else
			rm -f "$tree/$file"
			prune "$tree" "$file"
		fi
	done
	trap - INT TERM HUP
	# shellcheck disable=SC2034 # for the message of the caller
	installed=${#ready[@]}
}

# not_installed TREE FILE...: removes the new files beside the old ones.
not_installed() {
	local tree=$1 file
	for file in "${@:2}"; do
		rm -f "$tree/$file.series-new"
		prune "$tree" "$file"
	done
}

# prune TREE FILE: the directories of FILE that have become empty.
prune() {
	(cd "$1" && rmdir -p --ignore-fail-on-non-empty "$(dirname "$2")" 2>/dev/null) || :
}

# manifest_differs TREE: the files that are not as they are at the pin.
manifest_differs() {
	local sum file
	while read -r sum file; do
		case $sum in
		'#') [[ $file != absent\ * || ! -e $1/${file#absent } ]] || printf '%s\n' "${file#absent }" ;;
		?*) [[ $(sha256sum -- "$1/$file" 2>/dev/null) == "$sum "* ]] || printf '%s\n' "$file" ;;
		esac
	done <"$top/patches/base.sha256"
}

# manifest TREE FILE...: the manifest of the files named.
manifest() {
	local tree=$1 file
	shift
	printf '# %s\n' \
		'sha256 of each file that the series touches, in the tree that base.conf pins;' \
		'"# absent" marks those that the series adds. Written by make export.'
	for file; do
		if [[ -e $tree/$file ]]; then
			printf '%s  %s\n' "$(sha256sum <"$tree/$file" | cut -d' ' -f1)" "$file"
		else
			printf '# absent %s\n' "$file"
		fi
	done
}

# user_tree TREE VERB: $tree is a clean kernel tree of the user's.
user_tree() {
	[[ -n $1 ]] || fail "no tree was named" "TREE= is empty" "make $2 TREE=~/linux"
	[[ -f $1/Makefile && -f $1/Kconfig ]] || fail "$1 is not a kernel tree" \
		"it has no Makefile or Kconfig" "make $2 TREE=~/linux"
	tree=$(realpath "$1")
	[[ $(git -C "$tree" rev-parse --show-toplevel 2>/dev/null) == "$tree" && $2 == apply ]] || return 0
	[[ -z $(git -C "$tree" status --porcelain -uno) ]] || fail "$1 is not clean" \
		"git status shows changes that are not committed" "commit or stash them in $1"
}
