#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: suites-powercut.sh
#
# Tests powercut.sh with a stand-in for QEMU whose guest keeps its promises, or
# not. KTAP on stdout.

# shellcheck disable=SC2317 # check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/vm-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm-lib.sh"
export O=$tmp/O CONFIG='' QEMU=$tmp/qemu ACCEL=tcg ROLE=good DRY='' V='' GDB='' BOOT_LIMIT=3

# Its argument says the round; "promised" is what it was told was promised.
cat >"$QEMU" <<'EOS'
#!/usr/bin/env bash
[[ $1 != --version ]] || { echo "QEMU emulator version 7.2.22 (Debian 1:7.2)"; exit; }
for word; do
	case $word in
	file:*) serial=${word#file:} ;;
	*lab.powercut=*) IFS=: read -ra argument <<<"${word##*lab.powercut=}" ;;
	esac
done
round=${argument[0]} seed=${argument[1]} check=${argument[2]}
echo "$$ ${argument[*]}" >>"$O/boots"
line() { printf '[    1.000000] %s\r\n' "$*" >>"$serial"; }
line "lab: kernel made up"
if [[ $round -gt 1 ]]; then
	[[ $ROLE != loses ]] || line "lab: powercut: LOST xfs-sync: slot 1, word 2: 0, not 0x3 of operation 4; 7 were promised"
	[[ $ROLE != loses ]] || line "lab: powercut: bad verify xfs-sync"
	[[ $ROLE != no-mount ]] || line "lab: powercut: bad mount ext4"
	[[ $ROLE != odd ]] || line "lab: powercut: bad the power was not cut"
	[[ $ROLE != splat ]] || line "WARNING: CPU: 0 PID: 1 at fs/dax.c:1"
fi
[[ $check != 1 || $ROLE != fsck ]] || line "lab: powercut: bad fsck ext4"
[[ $ROLE != no-boot || $round -lt 2 ]] || exec sleep 100
[[ $seed != 0 ]] || { line "lab: powercut: end"; exec sleep 100; }
for name in ext4-sync ext4-fsync xfs-sync xfs-fsync; do
	line "lab: promise $name 0"
	line "lab: promise $name $((round * 10))"
done
# Killed in the middle of a line.
printf '[    2.000000] lab: promise xfs-fsync 9' >>"$serial"
exec sleep 100
EOS
chmod +x "$QEMU"
mkdir -p "$O"
touch "$tmp/kernel" "$tmp/initrd"
cut=("$vm/powercut.sh" --kernel "$tmp/kernel" --initrd "$tmp/initrd" --results "$tmp/r" --rounds 2 --seed 5)

# role ROLE STATUS TEXT: and no guest may be left behind.
role() {
	local pid
	: >"$O/boots"
	ROLE=$1 says "$2" "$3" "${cut[@]}" || return 1
	while read -r pid _; do
		! kill -0 "$pid" 2>/dev/null || { echo "process $pid is left"; return 1; }
	done <"$O/boots"
}
kept() { compgen -G "$O/vm/powercut.*/nvdimm0"; }

echo "KTAP version 1"
check "all is kept" role good 0 "7 passed, 0 failed, 0 skipped"
check "two cuts, and a look after the last" grep -qx '[0-9]* 3 0 1 .*' "$O/boots"
check "the guest is told what was promised" grep -q ' 2 5002 0 ext4-sync=5001,10 ext4-fsync=5001,10 xfs-sync=5001,10 xfs-fsync=5001,' "$O/boots"
check "no images are kept then" eval '! kept'
check "lost data" role loses 1 "not ok 3 powercut.xfs-sync"
check "says which" grep -q "LOST xfs-sync: slot 1, word 2" "$tmp/r/ktap.log"
check "and keeps the images" kept
rm -rf "$O"/vm/powercut.*
check "a file system that fsck complains about" role fsck 1 "not ok 5 powercut.fsck-ext4"
check "one that does not mount" role no-mount 1 "not ok 7 powercut.kernel"
check "a complaint of another kind" role odd 1 "not ok 7 powercut.kernel"
check "a splat" role splat 1 "kernel WARNING: CPU: 0"
check "a guest that does not come up" role no-boot 1 "the guest did not come so far"
check "no rounds" says 1 "ROUNDS=0 SEED=5 cannot be used" "${cut[@]}" --rounds 0
check "an unknown option" says 1 "unknown option --bogus" "${cut[@]}" --bogus
check "a dry run shows the line" says 0 "lab.powercut=1:5:0" env DRY=1 "${cut[@]}"
finish
