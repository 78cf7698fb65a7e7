#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: lint.sh
#
# Checks the rules of the series and of the scripts: series against files both
# ways, applying without fuzz, form and text of each patch, checkpatch,
# kernel-doc, shellcheck. Prints all complaints, each with what repairs it.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/series-lib.sh
. "$top/scripts/series-lib.sh"
# shellcheck source=scripts/series-git.sh
. "$top/scripts/series-git.sh"
no_arguments "$@"

[[ $DRY != 1 ]] || { say LINT "series, patches/ and scripts of $top"; exit 0; }
need_base
scratch
linux=$O/src/linux
redo="make tree && make export"
complaints=0

# complain WHERE WHAT REPAIR
complain() {
	printf '%s: %s\n  repair: %s\n' "$1" "$2" "$3"
	complaints=$((complaints + 1))
}

edit() {
	printf 'make tree; git -C %s rebase -i base (edit or reword it); make export' "$tree"
}

# --- series against files
check_series() {
	local patch group last=-1 i
	mapfile -t listed < <(series_patches)
	mapfile -t groups < <(series_groups)
	patches=()
	for patch in "${listed[@]}"; do
		if [[ ! -f $top/patches/$patch ]]; then
			complain series "$patch is listed but not there" "git checkout patches/$patch, or sed -i '\\,^$patch\$,d' series"
		elif [[ " ${patches[*]} " == *" $patch "* ]]; then
			complain series "$patch is listed twice" "remove one of the lines"
		else
			patches+=("$patch")
		fi
		for ((i = 0; i < ${#groups[@]}; i++)); do
			[[ ${groups[i]} != "${patch%%/*}" ]] || break
		done
		if [[ $i -eq ${#groups[@]} ]]; then
			complain series "$patch has no group heading" "add a line \"# [${patch%%/*}] ...\" above it"
		elif [[ $i -lt $last ]]; then
			complain series "$patch is listed after patches of ${groups[last]}" "move it under its heading, or $redo"
		else
			last=$i
		fi
	done
	while read -r patch; do
		[[ " ${listed[*]} " == *" $patch "* ]] ||
			complain "patches/$patch" "is not listed in series" "echo $patch >>series, or rm patches/$patch"
	done < <(cd "$top/patches" && find . -type f ! -path ./base.conf ! -path ./base.sha256 ! -path ./gone | sed 's,^\./,,' | sort)
}

# --- the mail: header, changelog, trailers, name
check_mail() {
	local patch=$1 file=$top/patches/$1 subject log
	subject=$(sed -n '/^$/q; s/^Subject: //p' "$file")
	# The mail ends at its first "---"; the trailers belong to the changelog.
	log=$(sed '1,/^$/d' "$file" | sed '/^---$/,$d')
	[[ -n $(sed -n '/^$/q; /^From: .* <.*@.*>$/p' "$file") ]] ||
		complain "patches/$patch" "has no From: NAME <ADDRESS>" "$(edit); git commit --amend --author=..."
	[[ -n $subject ]] || complain "patches/$patch" "has no Subject" "$(edit)"
	[[ ${#subject} -le 75 ]] || complain "patches/$patch" "the subject has ${#subject} columns, more than 75" "$(edit)"
	[[ $subject =~ ^[a-zA-Z0-9_/,.\ -]+:\ [^\ ] ]] ||
		complain "patches/$patch" "the subject names no subsystem" "$(edit): \"SUBSYSTEM: ...\""
	[[ $patch == "${patch%%/*}/$(slug "$subject").patch" ]] ||
		complain "patches/$patch" "should be ${patch%%/*}/$(slug "$subject").patch after its subject" "$redo"
	[[ $(grep -vciE -e '^[[:space:]]*$' -e '^[a-z-]+: ' <<<"$log") -ge 3 ]] ||
		complain "patches/$patch" "has a changelog of less than three lines" "$(edit)"
	# A sign-off is given by who sends it, a review by who made it.
	if grep -qiE '^(signed-off|reviewed|acked|tested|co-developed)-by:' <<<"$log"; then
		complain "patches/$patch" "speaks for others: $(grep -m 1 -iE '^[a-z]+(-[a-z]+)*-by:' <<<"$log")" "$(edit)"
	fi
	if grep -nE '^\+.*[[:blank:]]$' "$file" >"$work/blanks"; then
		complain "patches/$patch" "trailing blanks are added in line $(cut -d: -f1 "$work/blanks" | paste -sd,)" \
			"make tree; git -C $tree rebase --whitespace=fix base; make export"
	fi
}

# --- as make export writes it, by doing so in a repository of few files
check_form() {
	local patch
	touched "${patches[@]}" | copy_files "$linux" "$work/repo"
	git init -q "$work/repo"
	git_setup "$work/repo"
	git -C "$work/repo" config user.name base
	git -C "$work/repo" config user.email base@localhost
	git -C "$work/repo" add -Af .
	git -C "$work/repo" commit -q --allow-empty -m base
	for patch in "${patches[@]}"; do
		if ! git_am "$work/repo" "$top/patches/$patch" >"$work/am" 2>&1; then
			complain "patches/$patch" "does not apply without fuzz after those before it: $(grep -m 1 error: "$work/am" || head -n 1 "$work/am")" \
				"correct series, or git checkout patches/$patch; later patches were not tried"
			applied=''
			return
		fi
		format_commit "$work/repo" HEAD >"$work/again"
		! cmp -s "$work/again" "$top/patches/$patch" || continue
		if diff -q <(diffstat_of "$work/again") <(diffstat_of "$top/patches/$patch") >/dev/null; then
			complain "patches/$patch" "is not as make export writes it" "$redo"
		else
			complain "patches/$patch" "the diffstat is not true" "$redo"
		fi
	done
}

diffstat_of() {
	sed -n '/^---$/,/^diff --git/p' "$1"
}

check_selftests() {
	local selftests
	mapfile -t selftests < <(series_patches selftests)
	touched "${selftests[@]}" | copy_files "$linux" "$work/base"
	push "$work/base" "${selftests[@]}" ||
		complain "patches/$failed" "does not apply to the base alone: ${reason%%$'\n'*}" \
			"$(edit), so that it needs no patch of another group"
}

check_manifest() {
	local files
	mapfile -t files < <(touched "${patches[@]}")
	manifest "$linux" "${files[@]}" >"$work/manifest"
	if grep -q '^state not the pin' "$stamp"; then
		say NOTE "this base is not the pin; patches/base.sha256 is not checked"
	else
		cmp -s "$work/manifest" "$top/patches/base.sha256" ||
			complain patches/base.sha256 "is not the manifest of the files that the series touches" "$redo"
	fi
}

# --- words that are to be gone, in the whole tree: a file of the base that has one
# is taken from the repository of the touched files, if it is there.
check_gone() {
	local file
	[[ -f $top/patches/gone ]] || return 0
	grep -v '^#' "$top/patches/gone" >"$work/words"
	grep -rlwF -f "$work/words" "$linux" >"$work/gone" || :
	while read -r file; do
		file=${file#"$linux/"}
		grep -qxF "$file" "$work/touched" ||
			complain "$file" "has $(grep -m 1 -owF -f "$work/words" "$linux/$file"), a word of patches/gone, and no patch touches it" "$(edit)"
	done <"$work/gone"
	while read -r file; do
		[[ $file != tools/testing/selftests/dax/* && -f $work/repo/$file ]] || continue
		! grep -nwF -m 1 -f "$work/words" "$work/repo/$file" >"$work/word" ||
			complain "$file" "has a word of patches/gone in line $(<"$work/word")" "$(edit)"
	done <"$work/touched"
}

# --- checkpatch. FILE_PATH_CHANGES asks whether MAINTAINERS needs a line for
# each new file; the series adds files below paths that are listed there.
check_checkpatch() {
	local patch
	for patch in "${patches[@]}"; do
		perl "$linux/scripts/checkpatch.pl" --strict --no-signoff --root="$linux" --terse --no-summary \
			--show-types --ignore FILE_PATH_CHANGES "$top/patches/$patch" >"$work/checkpatch" 2>"$work/stderr" && continue
		# spdxcheck.py wants more of Python than anybody has; that is no complaint.
		[[ -s $work/checkpatch ]] || cp "$work/stderr" "$work/checkpatch"
		complain "patches/$patch" "checkpatch --strict: $(grep -c . "$work/checkpatch") complaints"$'\n'"$(head -n 20 "$work/checkpatch" | sed "s,^$top/,    ,")" "$(edit)"
	done
}

# --- kernel-doc of what the series exports anew
exports() {
	sed -n 's/^EXPORT_SYMBOL[A-Z_]*(\([a-zA-Z0-9_]*\).*/\1/p' "$1" 2>/dev/null | sort -u
}

check_kernel_doc() {
	local file name
	while read -r file; do
		[[ $file == *.c && -f $work/repo/$file ]] || continue
		while read -r name; do
			perl "$linux/scripts/kernel-doc" -none -Wreturn "$work/repo/$file" >"$work/doc" 2>&1 || :
			if ! grep -qE "^ \* $name(\(\))? - ." "$work/repo/$file"; then
				complain "$file" "the new export $name has no kernel-doc" "$(edit): add it above $name()"
			elif grep -qF "'$name'" "$work/doc"; then
				complain "$file" "kernel-doc of $name: $(grep -m 1 -F "'$name'" "$work/doc" | sed "s,$work/repo/,,")" "$(edit)"
			fi
		done < <(comm -13 <(exports "$linux/$file") <(exports "$work/repo/$file"))
	done < <(touched "${patches[@]}")
}

# --- the scripts
check_scripts() {
	local file name n status=0
	mapfile -t scripts < <(cd "$top" && find . \( -name .git -o -path ./build -o -path ".${O#"$top"}" -o -path ./results -o -path ./patches \) -prune -o \
		-type f -exec grep -lE -m 1 -e '^#!.*\b(ba)?sh\b' -e '^# shellcheck shell=' {} + | sed 's,^\./,,' | sort)
	for file in "${scripts[@]}" $(cd "$top" && find tools -name '*.awk' 2>/dev/null); do
		n=$(wc -l <"$top/$file")
		[[ $n -lt 300 ]] || complain "$file" "has $n lines, 300 or more" "split it by its jobs"
	done
	if ! command -v shellcheck >/dev/null; then
		complain scripts "shellcheck is not installed" "apt-get install shellcheck"
	else
		(cd "$top" && shellcheck -x -f gcc "${scripts[@]}") >"$work/shellcheck" 2>&1 || status=$?
		[[ $status -eq 0 ]] || complain scripts "shellcheck: $(grep -c . "$work/shellcheck") complaints"$'\n'"$(head -n 20 "$work/shellcheck" | sed 's/^/    /')" \
			"shellcheck -x $(cut -d: -f1 "$work/shellcheck" | sort -u | head -n 20 | paste -sd' ')"
	fi
	for file in "$top"/scripts/*; do
		name=${file##*/}
		[[ $name != README ]] || continue
		n=$(grep -cE "^${name//./\\.}[[:space:]]" "$top/scripts/README" || :)
		[[ $n -eq 1 ]] || complain scripts/README "has $n lines for $name, not one" "edit scripts/README"
	done
	while read -r name; do
		[[ -e $top/scripts/$name ]] || complain scripts/README "lists $name, which is not there" "edit scripts/README"
	done < <(sed -n 's/^\([a-z][a-z0-9-]*\.sh\)[[:space:]].*/\1/p' "$top/scripts/README")
	# The laboratory, likewise.
	while read -r name; do
		n=$(grep -cE "^${name//./\\.}[[:space:]]" "$top/tools/testing/README" || :)
		[[ $n -eq 1 ]] || complain tools/testing/README "has $n lines for $name, not one" "edit tools/testing/README"
	done < <([[ ! -d $top/tools/testing ]] || {
		cd "$top/tools/testing" && find . -name '*.sh' -o -name '*.awk' -o -name '*.c' -o -path ./guest/init
	} | sed 's,^\./,,' | sort)
	if grep -nE '@[A-Z]+@' "$top/README.md" >"$work/left" 2>/dev/null; then
		complain README.md "a place was left to be filled in: $(head -n 1 "$work/left")" "write what belongs there"
	fi
}

applied=1
say LINT "series"
check_series
say LINT "${#patches[@]} patches: text"
for patch in "${patches[@]}"; do
	check_mail "$patch"
done
say LINT "${#patches[@]} patches: apply, diffstat"
check_form
check_selftests
check_manifest
if [[ -n $applied ]]; then
	check_kernel_doc
	touched "${patches[@]}" >"$work/touched"
	busy LINT "${#patches[@]} patches: words that are gone" check_gone
fi
busy LINT "${#patches[@]} patches: checkpatch" check_checkpatch
busy LINT "scripts" check_scripts
if [[ $complaints -gt 0 ]]; then
	say LINT "$complaints complaints"
	exit 1
fi
say LINT "${#patches[@]} patches, ${#scripts[@]} scripts, no complaints"
