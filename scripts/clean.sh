#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: clean.sh [--all]
#
# Removes kernels, guests and the trees that are built, but not what each.sh has
# found. With --all also that, the base tree and the results, but never $O/tree,
# which may hold work that is not exported, nor the cache of downloads ($CACHE,
# ~/.cache/zone-device-refcounts).

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
--all | '') ;;
*) fail "unknown option $1" "there is only --all" "scripts/clean.sh --help" ;;
esac

[[ ! -d $O ]] || own_builds
made=("$O"/{patched,base,vm,um,arch,mutants,count,ndctl} "$O"/each/{src,patched,vm} "$O/vma-test.log" "$O"/check-*.log)
say CLEAN "$O/{patched,base,vm,um,arch,mutants,count,ndctl,each/{src,patched,vm}}"
run rm -rf "${made[@]}"
if [[ ${1:-} == --all ]]; then
	say CLEAN "$O/src, $O/each, results"
	run rm -rf "$O/src" "$O/each" "$O/series.mbox" "$top/results"
	[[ ! -d $O/tree ]] || say KEPT "$O/tree (remove it by hand)"
	[[ $DRY == 1 || -n $(find "$O" -mindepth 1 -maxdepth 1 ! -name .zone-device-refcounts 2>/dev/null) ]] ||
		rm -rf "$O"
fi
