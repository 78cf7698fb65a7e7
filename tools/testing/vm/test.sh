#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: test.sh [option of run.sh...]
#
# Boots the guest of a mode, runs its plan and judges the results; ends with
# the paths of the logs, what failed, and "N passed, N failed, N skipped". Exit: 0 all as
# expected, 1 not, 4 cannot run on this machine.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/common.sh
. "$here/../../../scripts/common.sh"

mode=patched plan=plan some='' results=''
[[ $ARCH == x86_64 ]] || plan=arch
args=("$@")
while [[ $# -gt 0 ]]; do
	case $1 in
	-h | --help) usage "$0"; "$here/run.sh" --help; exit 0 ;;
	--mode) mode=${2:-} ;;
	--plan) plan=${2:-} ;;
	--test) some=-some ;;
	--results) results=${2:-} ;;
	esac
	shift
done
# The results of a part do not replace those of the whole.
name=$mode$variant-$plan$some
results=${results:-$top/results/$(series_hash)/${name/%-plan/}}

# Nothing of an earlier run may be judged as this one. A mistake in the options
# does not cost its results.
if [[ $DRY != 1 ]]; then
	DRY=1 "$here/run.sh" "${args[@]}" --results "$results" >/dev/null || exit
	own_results "$results"
	rm -rf "$results"/{serial.log,ktap.raw,ktap.log,junit.xml,assertions,verdict,log}
fi
status=0
"$here/run.sh" "${args[@]}" --results "$results" || status=$?
# Interrupted, cannot run here, or it did not come to starting QEMU.
[[ $DRY != 1 && $status -ne 4 && $status -le 128 ]] || exit "$status"
[[ -s $results/serial.log ]] || exit 1
say LOGS "$results/{ktap.log,junit.xml,serial.log,log/}"
"$here/judge.sh" "$mode" "$results" || status=1
exit "$status"
