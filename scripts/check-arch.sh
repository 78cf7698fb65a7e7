#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: check-arch.sh [NAME...]
#
# Builds the patched kernel for other architectures, compilers and
# configurations: the rows of tools/testing/arch/list, or those named. An error
# fails, and so does a warning that the base does not have: what warns is built
# from the base as well. Rows that say so are booted, too, and pass only if the
# plan "arch" passes. Takes about five minutes a row on two cores, and ten to boot;
# ccache helps from the second time on. Objects and logs are in $O/arch, those of
# kernels that are booted with the laboratory's. Last line: "N passed, N failed,
# N skipped"; skipped is what has no compiler here.
# NAMES="arm64 riscv" names rows for make check-arch.

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
esac

dir=$top/tools/testing/arch
wanted=" $* "
all=$(awk '!/^#/ && NF { print $1 }' "$dir/list")
for name; do
	grep -qxFe "$name" <<<"$all" ||
		fail "no row $name" "there are: ${all//$'\n'/ }" "look at tools/testing/arch/list"
done
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' KBUILD_BUILD_USER=dax KBUILD_BUILD_HOST=lab
export CCACHE_BASEDIR=$O CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
cache=''
! command -v ccache >/dev/null || cache='ccache '
passed=0 failed=0 skipped=0
# What a row prints is why it failed; progress goes past that.
exec 4>&1

# kbuild MODE ARGUMENT...: in the object directory of the row, of MODE.
kbuild() {
	local mode=$1
	shift
	make -C "$O/$mode/linux" O="${obj/@MODE@/$mode}" ARCH="$arch" "${tools[@]}" "$@"
}

# configure MODE: tinyconfig and the fragments; says what did not take.
configure() {
	local obj=${obj/@MODE@/$1}
	if [[ -n $boot ]]; then
		"$top/scripts/configure.sh" "$1" >&4
		return
	fi
	mkdir -p "$obj"
	kbuild "$1" -s tinyconfig >/dev/null
	(cd "$O/$1/linux" && ARCH=$arch ./scripts/kconfig/merge_config.sh -Q -m -O "$obj" "$obj/.config" \
		"${fragments[@]}") >"$obj/merge.log" 2>&1
	kbuild "$1" -s olddefconfig >/dev/null
	awk '
		FNR == 1 { file++ }
		{ key = value = "" }
		/^CONFIG_/ { key = $0; sub(/=.*/, "", key); value = substr($0, length(key) + 2) }
		/^# CONFIG_.* is not set$/ { key = $2; value = "n" }
		key == "" { next }
		file < ARGC - 1 { want[key] = value; next }
		{ got[key] = value }
		END {
			for (key in want)
				if ((key in got ? got[key] : "n") != want[key])
					print key "=" want[key]
		}' "${fragments[@]}" "$obj/.config"
}

# warnings LOG: without the numbers that a patch moves.
warnings() {
	grep -E '(warning|error):' "$1" | sed -E 's,^(\.\./)*,,; s,:[0-9]+(:[0-9]+)?:,:,g; s,.*/linux/,,' | sort -u
}

quiet() {
	"$@" >>"$log" 2>&1
}

# anew: all objects are compiled again, as the warnings are in the log of what is.
anew() {
	local dir=${obj/@MODE@/patched}
	[[ ! -d $dir ]] || find "$dir" -name '*.o' -delete
}

objects() {
	echo "$(grep -cE '^  (CC|AS) ' "$log") objects"
}

# row: builds one; says why on failure.
row() {
	local missing status=0 result
	log=$O/arch/$name/log result=$top/results/$(series_hash)/arch/$name
	rm -f "$result"
	: >"$log"
	missing=$(configure patched)
	if [[ -n $missing ]]; then
		echo "these did not take: ${missing//$'\n'/ }"
		return 1
	fi
	anew
	if ! MEASURE=objects busy BUILD "$name" quiet kbuild patched -k -j"$JOBS" >&4; then
		grep -m 10 -E 'error|undefined reference|No space' "$log" || tail -n 5 "$log"
		return 1
	fi
	new_warnings || status=1
	mkdir -p "${result%/*}"
	printf '%s\t%d\t%d\n' "$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"/\1/p' "${obj/@MODE@/patched}/.config")" \
		"$(grep -cE '^  CC ' "$log")" "$(wc -l <"$log.new")" >"$result"
	return "$status"
}

# boot_row: builds the laboratory's kernel, boots it, says what came of that.
boot_row() {
	local status=0 results
	export ARCH=$arch CROSS_COMPILE=$compiler CONFIG=$config
	log=$O/arch/$name/log
	results=$top/results/$(series_hash)/patched-$arch${config:+-$config}-arch
	if [[ $DRY == 1 ]]; then
		"$top/scripts/build.sh" patched
		"$top/tools/testing/vm/test.sh" --plan arch
		return
	fi
	anew
	"$top/scripts/build.sh" patched >&4 2>"$log" || { cat "$log"; return 1; }
	cp "$O/patched/build-$arch${config:+-$config}.log" "$log"
	new_warnings || status=1
	"$top/tools/testing/vm/test.sh" --plan arch >"$O/arch/$name/boot.log" 2>&1 || status=1
	[[ ! -d $results ]] || cp "$log.new" "$results/warnings"
	grep -E '^(FAILED|error:) ' "$O/arch/$name/boot.log" || :
	echo "boot: $(grep -E '^[0-9]+ passed, ' "$O/arch/$name/boot.log" || echo "no results, see $O/arch/$name/boot.log")"
	return "$status"
}

# new_warnings: what $log has and the base has not.
new_warnings() {
	local new
	: >"$log.new"
	warnings "$log" >"$log.patched"
	[[ -s $log.patched ]] || return 0
	# The same objects of the base.
	configure base >/dev/null
	sed -n 's,^  CC[^/]* ,,p' "$log" | while read -r new; do
		! grep -qF "${new%.o}.c:" "$log.patched" || echo "$new"
	done | sort -u >"$log.objects"
	sed "s,^,${obj/@MODE@/base}/," "$log.objects" | xargs -r rm -f
	quiet kbuild base -k -j"$JOBS" prepare modules_prepare
	xargs -r make -C "$O/base/linux" O="${obj/@MODE@/base}" ARCH="$arch" "${tools[@]}" -k -j"$JOBS" \
		<"$log.objects" >"$log.base.log" 2>&1 || :
	warnings "$log.base.log" >"$log.base"
	comm -23 "$log.patched" "$log.base" >"$log.new"
	[[ ! -s $log.new ]] || { echo "warnings that the base does not have:"; cat "$log.new"; return 1; }
}

"$top/scripts/prepare.sh" patched
"$top/scripts/prepare.sh" base
while read -r name arch compiler list <&3; do
	[[ $name != '#'* && -n $name ]] || continue
	[[ $wanted == "  " || $wanted == *" $name "* ]] || continue
	case $compiler in
	clang)
		# Debian's default is too old for loongarch.
		tools=(LLVM=-19 CC="${cache}clang-19")
		need=clang-19
		;;
	gcc) tools=(CC="${cache}gcc") need=gcc ;;
	*) tools=(CROSS_COMPILE="$compiler" CC="$cache${compiler}gcc") need=${compiler}gcc ;;
	esac
	boot='' config='' obj=$O/arch/$name/@MODE@ build=row
	if [[ $list == boot* ]]; then
		read -r boot config <<<"$list" || :
		build=boot_row obj=$O/@MODE@/obj-$arch${config:+-$config}
	fi
	read -ra fragments <<<"$list"
	fragments=("${fragments[@]/#/$dir/}")
	fragments=("${fragments[@]/%/.config}")
	if [[ $DRY == 1 && -n $boot ]]; then
		(boot_row)
	elif [[ $DRY == 1 ]]; then
		run make ARCH="$arch" "${tools[@]}" O="$O/arch/$name/patched"
	elif ! command -v "$need" >/dev/null; then
		echo "SKIPPED $name: no $need; scripts/deps.sh arch"
		skipped=$((skipped + 1))
	elif mkdir -p "$O/arch/$name" && why=$("$build"); then
		say OK "$name${why:+, $why}"
		passed=$((passed + 1))
	else
		printf 'FAILED %s: %s\n  log: %s\n' "$name" "$why" "$O/arch/$name/log"
		failed=$((failed + 1))
	fi
done 3<"$dir/list"
[[ $DRY != 1 ]] || exit 0
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && $((passed + skipped)) -gt 0 ]]
