# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The series as commits: reading and writing patches, and what is remembered
# about $O/tree. Sourced after series-lib.sh.

: "${top:?source common.sh first}"
tree=$O/tree
state=$O/tree/.git/series-state

# state_of NAME, write_state PATCHES: what $tree was last equal to, so that work
# in it and changes beside it are both noticed. Writing wants $base, $pinned.
state_of() {
	sed -n "s/^$1 //p" "$state" 2>/dev/null
}

write_state() {
	printf 'base %s\npinned %s\nhead %s\npatches %s\n' "${base:?}" "${pinned:?}" \
		"$(git -C "$tree" rev-parse HEAD)" "$1" >"$state"
}

# tree_busy: says what keeps $tree from being read; fails if nothing does.
tree_busy() {
	if [[ -d $tree/.git/rebase-merge || -d $tree/.git/rebase-apply ]]; then
		echo "a rebase or an am is under way in it"
	elif [[ -n $(git -C "$tree" status --porcelain) ]]; then
		echo "git status shows changes that are not committed"
	else
		return 1
	fi
}

# tree_unexported: says what would be lost with $tree; fails if nothing would.
tree_unexported() {
	if [[ ! -f $state ]]; then
		echo "nothing tells what it was made from"
	elif [[ $(state_of patches) == "am "* && $(state_of head) == "$(git -C "$tree" rev-parse HEAD)" &&
		-z $(git -C "$tree" status --porcelain) ]]; then
		return 1 # make tree stopped here, and nobody went on
	elif tree_busy; then
		return 0
	elif [[ $(state_of head) != "$(git -C "$tree" rev-parse HEAD)" ]]; then
		echo "its commits are not those of the last make tree or make export"
	else
		return 1
	fi
}

# series_groups: the groups in the order of their headings.
series_groups() {
	sed -n 's/^# \[\([a-z0-9-]*\)\].*/\1/p' "$top/series"
}

# series_rewrite LIST <SERIES: series with the patches of LIST. A comment stays
# with the patch under it, or with the group once its patch is gone.
series_rewrite() {
	awk -v list="$1" '
	function blank(s) { gsub(/\n/, "", s); return s == "" }
	function close_group() {
		sub(/\n+$/, "\n", text)
		if (!blank(text)) tail[group] = tail[group] text
		text = ""
	}
	BEGIN {
		while ((getline line <list) > 0) {
			kept[line] = 1
			split(line, part, "/")
			order[part[1], ++count[part[1]]] = line
		}
	}
	/^# \[[a-z0-9-]+\]/ {
		if (n) close_group()
		group = $2
		gsub(/[][]/, "", group)
		groups[++n] = group
		heading[group] = $0 "\n"
		inside = 1
		next
	}
	!n { preamble = preamble $0 "\n"; next }
	inside && /^#/ { heading[group] = heading[group] $0 "\n"; next }
	{ inside = 0 }
	/^#/ || /^[ \t]*$/ { text = text $0 "\n"; next }
	{
		sub(/[ \t]*(#.*)?$/, "")
		if ($0 in kept) above[$0] = text
		else if (!blank(text)) tail[group] = tail[group] text
		text = ""
	}
	END {
		close_group()
		sub(/\n+$/, "\n", preamble)
		printf "%s", preamble
		for (i = 1; i <= n; i++) {
			group = groups[i]
			printf "\n%s", heading[group]
			for (k = 1; k <= count[group]; k++) {
				patch = order[group, k]
				# Right under a heading it would be part of that.
				sub(/^\n*/, k == 1 && above[patch] ~ /#/ ? "\n" : "", above[patch])
				printf "%s%s\n", above[patch], patch
			}
			if (tail[group] != "") {
				sub(/^\n*/, "\n", tail[group])
				printf "%s", tail[group]
			}
		}
	}'
}

# slug SUBJECT: the name of a patch file.
slug() {
	printf '%s\n' "${1,,}" | sed 's/[^a-z0-9]\{1,\}/-/g; s/^-//; s/-$//'
}

# git_setup REPO: what a repository needs for format_commit. The names of
# functions in hunk headers are found by our own expression, because the ones
# built into git change with its version.
git_setup() {
	mkdir -p "$1/.git/info"
	printf '* !diff\n*.[ch] diff=series\n' >"$1/.git/info/attributes"
}

# format_commit REPO COMMIT: the commit as a patch file, the same bytes
# whatever the version and the configuration of git.
format_commit() {
	git -C "$1" -c diff.series.xfuncname='!^[ \t]*[A-Za-z_][A-Za-z_0-9]*:[[:space:]]*($|/[/*])
^([A-Za-z_].*)$' -c core.quotePath=false format-patch -1 --stdout -k \
		--zero-commit --no-signature --full-index --no-renames --stat=72 --summary -p \
		--diff-algorithm=myers --indent-heuristic -U3 --inter-hunk-context=0 \
		--src-prefix=a/ --dst-prefix=b/ --no-ext-diff --no-textconv --no-color \
		--no-encode-email-headers --no-attach --no-thread --no-signoff --no-to \
		--no-cc --no-add-header --no-base --no-notes "$2" |
		sed -e 1d -e ':unfold' -e '1,/^$/{ $!N; s/\n / /; t unfold' -e 'P; D; }'
}

# git_am REPO PATH...: commit patch files, the same commits each time.
git_am() {
	local repo=$1 name email
	shift
	name=$(git -C "$repo" config user.name) || name=series
	email=$(git -C "$repo" config user.email) || email=series@localhost
	GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email \
		git -C "$repo" -c core.hooksPath=/dev/null -c commit.gpgSign=false \
		am -q --committer-date-is-author-date --whitespace=nowarn "$@"
}
