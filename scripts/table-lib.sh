# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A page of Documentation that is made from results. Sourced by table.sh and
# suite-table.sh.

# heading TITLE
heading() {
	printf '%s\n%s\n' "$1" "${1//?/=}"
}

# page NAME WRITER TITLE FUNCTION: Documentation/NAME.rst, with what the function
# prints behind the head.
page() {
	# shellcheck disable=SC2154 # of common.sh
	local out=$top/Documentation/$1.rst
	{
		printf '.. SPDX-License-Identifier: GPL-2.0\n.. Written by %s. Do not edit.\n\n' "$2"
		printf '%s\n' "${3//?/=}"
		heading "$3"
		echo
		"$4"
	} >"$out.new"
	mv "$out.new" "$out"
	say TABLE "Documentation/$1.rst"
}
