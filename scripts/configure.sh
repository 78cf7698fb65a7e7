#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: configure.sh MODE
#
# Writes the .config of MODE (patched or base) from the fragments in
# tools/testing/config: common, dax, debug, the architecture's, those that CONFIG=
# names and, for the patched kernel, patched. Every symbol that a fragment asks for is
# looked up in the result, as merge_config.sh and olddefconfig drop what has an
# unmet dependency. Nothing is done if neither a fragment nor a Kconfig file of
# the tree changed.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
patched | base) mode=$1 ;;
*) fail "no mode '${1:-}'" "it is patched or base" "scripts/configure.sh --help" ;;
esac

src=$O/$mode/linux
obj=$O/$mode/obj$variant
dir=$top/tools/testing/config
fragments=()
for name in common dax debug "$ARCH" $CONFIG; do
	fragments+=("$dir/$name.config")
	[[ -f $dir/$name.config ]] ||
		fail "no fragment tools/testing/config/$name.config" \
			"ARCH= and CONFIG= name fragments" "ls tools/testing/config"
done
if [[ $DRY != 1 && ! -f $src/Makefile ]]; then
	fail "no tree in $src" "it is made from the base and the series" "make prepare"
fi
# Every state of the series is built, also before a symbol is there.
if [[ $DRY != 1 && $mode == patched ]]; then
	known=$O/$mode/patched$variant.config
	while IFS= read -r line; do
		name=${line%%=*}
		if [[ $line != CONFIG_* ]] ||
			grep -rqsE "^(menu)?config ${name#CONFIG_}\$" --include='Kconfig*' "$src"/{mm,lib}; then
			printf '%s\n' "$line"
		fi
	done <"$dir/patched.config" >"$known"
	! grep -q '^CONFIG_' "$known" || fragments+=("$known")
fi

key() {
	{ cat "${fragments[@]}" "$O/$mode/linux.stamp" 2>/dev/null || true; } | sha256sum
}
if [[ -f $obj/.config && -f $obj/.config.key && $(key) == "$(<"$obj/.config.key")" ]]; then
	exit 0
fi

say CONFIG "$mode$variant: ${fragments[*]##*/}"
make=(make -s -C "$src" O="$obj" ARCH="$ARCH" CROSS_COMPILE="$CROSS_COMPILE")
run mkdir -p "$obj"
# Merged aside, so that an unchanged result does not start a rebuild.
run "${make[@]}" KCONFIG_CONFIG="$obj/.config.new" tinyconfig ||
	fail "tinyconfig failed" "see above; flex or bison may be missing" "make deps"
merge=(env -C "$src" ARCH="$ARCH" KCONFIG_CONFIG="$obj/.config.new"
	./scripts/kconfig/merge_config.sh -Q -m -O "$obj" "$obj/.config.new" "${fragments[@]}")
if [[ $DRY == 1 ]]; then
	run "${merge[@]}"
elif ! "${merge[@]}" >"$obj/merge.log" 2>&1; then
	fail "the fragments do not merge" "$(tail -n 3 "$obj/merge.log")" "look at $obj/merge.log"
fi
run "${make[@]}" KCONFIG_CONFIG="$obj/.config.new" olddefconfig ||
	fail "olddefconfig failed" "see above" "look at $obj/merge.log"
[[ $DRY != 1 ]] || exit 0

# What the last fragment to name a symbol wants, against what it got.
wrong=$(awk '
	FNR == 1 { file++ }
	{ name = value = "" }
	/^CONFIG_[A-Za-z0-9_]+=/ { split($0, part, "="); name = part[1]; value = substr($0, length(name) + 2) }
	/^# CONFIG_[A-Za-z0-9_]+ is not set$/ { name = $2; value = "n" }
	name == "" { next }
	file < '"$((${#fragments[@]} + 1))"' { want[name] = value; next }
	{ got[name] = value }
	END {
		for (name in want) {
			if (!(name in got)) got[name] = "n"
			if (got[name] != want[name]) print name "=" got[name] " (wanted " want[name] ")"
		}
	}' "${fragments[@]}" "$obj/.config.new" | sort)
[[ -z $wrong ]] ||
	fail "the configuration did not take: $(tr '\n' ' ' <<<"$wrong")" \
		"a symbol has an unmet dependency, or is gone from this tree" \
		"look the symbol up in the tree's Kconfig and add its parents to the fragment"
if cmp -s "$obj/.config.new" "$obj/.config"; then
	rm -f "$obj/.config.new"
else
	mv "$obj/.config.new" "$obj/.config"
fi
rm -f "$obj/.config.new.old"
key >"$obj/.config.key"
