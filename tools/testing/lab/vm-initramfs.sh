#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: vm-initramfs.sh
#
# Tests initramfs.sh with a made-up kernel and this machine's programs. KTAP on
# stdout.

# shellcheck disable=SC2317 # check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
export O=$tmp/O CONFIG='' DRY='' V='' ARCH=x86_64 CROSS_COMPILE='' real PATH=$PATH:/usr/sbin:/sbin
real=$(command -v cpio)
obj=$O/base/obj image=$O/vm/initramfs.cpio
pack=("$vm/initramfs.sh" base "$image")

mkdir -p "$obj/include/config" "$O/base/selftests" "$tmp/bin"
echo 6.12.117 >"$obj/include/config/kernel.release"
echo note >"$tmp/note"
objcopy -I binary -O elf64-x86-64 --rename-section .data=.notes,alloc,load,readonly,data,contents \
	"$tmp/note" "$obj/vmlinux"

# Ends only after as many as $AT_ONCE have started: their images overlap.
cat >"$tmp/bin/cpio" <<'EOS'
#!/usr/bin/env bash
: >"$O/packing.$$"
for _ in {1..100}; do
	started=("$O"/packing.*)
	[[ ${#started[@]} -lt ${AT_ONCE:-1} ]] || exec "$real" "$@"
	sleep 0.1
done
exit 1
EOS
chmod +x "$tmp/bin/cpio"
PATH=$tmp/bin:$PATH

has() { "$real" --quiet -it <"$image" >"$tmp/names" && grep -x "$1" "$tmp/names"; }
tidy() { [[ $(ls "$O/vm") == "$(printf '%s\n' initramfs.cpio initramfs.cpio.key)" ]] || { ls "$O/vm"; return 1; }; }
packs() { "${pack[@]}" | grep INITRD; }
packs_not() { "${pack[@]}" >"$tmp/says" && [[ ! -s $tmp/says ]]; }
packs_new() { touch "$obj/vmlinux" && packs; }
twice() {
	local first status=0
	rm -rf "$image"* "$O"/packing.*
	AT_ONCE=2 timeout 60 "${pack[@]}" & first=$!
	AT_ONCE=2 timeout 60 "${pack[@]}" || status=1
	wait "$first" || status=1
	return "$status"
}

check "a kernel that is not built" says 1 "no kernel in" env CONFIG=other "${pack[@]}"
check "a guest is packed" says 0 INITRD "${pack[@]}"
check "it has the kernel's notes" has lab/kernel.notes
check "nothing else is left" tidy
check "it is not packed again" packs_not
check "a guest with a new kernel is" packs_new
check "two that pack the same guest at once" twice
check "the image is whole" has init
check "nothing is left of them" tidy
finish
