#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: main.sh
#
# What "make" does: from nothing to a patched kernel that has run DAX on an
# emulated NVDIMM. Looks for missing packages, brings the base, applies the
# series, builds, boots, runs the smoke plan, and prints a table of what
# passed. Steps already done are not done again. Exit: 0 if all passed and the
# log is clean.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

no_arguments "$@"

"$top/scripts/deps.sh"
"$top/scripts/fetch.sh"
"$top/scripts/prepare.sh" patched
"$top/scripts/build.sh" patched
results=$top/results/$(series_hash)/smoke$variant
status=0
"$top/tools/testing/vm/test.sh" --mode patched --plan smoke --results "$results" || status=$?
[[ $DRY != 1 ]] || exit 0
[[ -f $results/ktap.log ]] || exit "$((status ? status : 1))"

echo
awk '
	/^ok .*# SKIP/ { printf "  %-44s skipped\n", $3; next }
	/# TODO/ { printf "  %-44s to do\n", ($1 == "ok" ? $3 : $4); next }
	/^ok / { printf "  %-44s passed\n", $3 }
	/^not ok / { printf "  %-44s FAILED\n", $4 }' "$results/ktap.log"
cat <<END

  kernel   $(<"$O/patched/obj$variant/include/config/kernel.release"), $(series_patches | wc -l) patches, series $(series_hash)
  logs     ${results#"$PWD/"}/
  verdict  $(<"$results/verdict")
END
exit "$status"
