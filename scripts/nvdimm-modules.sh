#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: nvdimm-modules.sh MODE DIR
#
# Builds the modules of tools/testing/nvdimm and tools/testing/cxl, which ndctl's
# tests use instead of the kernel's own, from the tree of MODE, and installs
# them with all other modules of that kernel below DIR/modules. The sources are
# linked into $O/MODE/nvdimm first: kbuild would leave its objects beside them.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
-h | --help) usage "$0"; exit 0 ;;
patched | base) mode=$1 ;;
*) fail "no mode '${1:-}'" "it is patched or base" "scripts/nvdimm-modules.sh --help" ;;
esac
[[ $# -eq 2 ]] || fail "nvdimm-modules.sh needs MODE and DIR" "got $# arguments" "nvdimm-modules.sh --help"
src=$O/$mode/linux obj=$O/$mode/obj$variant links=$O/$mode/nvdimm$variant dir=$2
log=$O/$mode/nvdimm$variant.log
PATH=$PATH:/usr/sbin:/sbin

[[ $DRY == 1 || -f $obj/Module.symvers ]] || fail "no kernel in $obj" "Module.symvers is not there" "make build"
key=$(cat "$obj/Module.symvers" "$obj/.config" "$O/$mode/linux.stamp" "${BASH_SOURCE[0]}" 2>/dev/null | sha256sum) || true
[[ ! -f $dir/modules.key || $(<"$dir/modules.key") != "$key" ]] || exit 0

make=(make -C "$src" O="$obj" ARCH="$ARCH" CROSS_COMPILE="$CROSS_COMPILE" -j"$JOBS")
install=(INSTALL_MOD_PATH="$dir/modules" INSTALL_MOD_STRIP=1 DEPMOD=true)

build() {
	local part
	"${make[@]}" "${install[@]}" modules_install || return 1
	for part in nvdimm cxl; do
		"${make[@]}" M="$links/tools/testing/$part" modules || return 1
		"${make[@]}" M="$links/tools/testing/$part" "${install[@]}" modules_install || return 1
	done
}

logged() {
	build >"$log" 2>&1
}

if [[ $DRY == 1 ]]; then
	run "${make[@]}" M="$links/tools/testing/nvdimm" modules
	exit 0
fi
rm -rf "$links" "$dir/modules" "$dir/modules.key"
for part in drivers/nvdimm drivers/acpi/nfit drivers/dax drivers/cxl tools/testing/nvdimm tools/testing/cxl; do
	mkdir -p "$links/${part%/*}" "$dir"
	cp -al "$src/$part" "$links/$part"
done
busy NVDIMM "$mode: modules of tools/testing/nvdimm" logged ||
	fail "could not build tools/testing/nvdimm of $mode" "$(grep -m 1 -i error "$log")" "look at $log"
release=$(<"$obj/include/config/kernel.release")
rm -f "$dir/modules/lib/modules/$release"/{build,source}
# updates/ before the kernel's own.
echo "search updates built-in" >"$dir/depmod.conf"
depmod -C "$dir/depmod.conf" -b "$dir/modules" "$release"
for module in libnvdimm nfit nd_pmem nd_btt nd_e820 device_dax dax_pmem nfit_test; do
	grep -qE "^updates/([^:]*/)?$module\\.ko:" "$dir/modules/lib/modules/$release/modules.dep" ||
		fail "$module.ko is not that of tools/testing/nvdimm" "modules.dep does not have it in updates/" "look at $log"
done
printf '%s\n' "$key" >"$dir/modules.key"
