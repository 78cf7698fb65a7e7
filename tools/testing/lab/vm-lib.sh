# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# KTAP for the laboratory's tests of the runner and the judge. Sourced.

set -uo pipefail
# shellcheck disable=SC2034 # for the tests
vm=$(cd "$(dirname "${BASH_SOURCE[0]}")/../vm" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
number=0 bad=0

# check NAME CMD...: one result; what the command printed is shown on failure.
check() {
	local name=$1 result=ok
	shift
	number=$((number + 1))
	if ! "$@" >"$tmp/check" 2>&1; then
		result="not ok"
		bad=$((bad + 1))
		sed 's/^/# /' "$tmp/check"
	fi
	echo "$result $number $name"
}

# says STATUS TEXT CMD...: exits with STATUS within 30 s and prints TEXT.
says() {
	local want=$1 text=$2 status=0
	shift 2
	timeout 30 "$@" >"$tmp/says" 2>&1 || status=$?
	cat "$tmp/says"
	[[ $status -eq $want ]] || { echo "exit status $status, not $want"; return 1; }
	[[ -z $text ]] || grep -qF -e "$text" "$tmp/says" || { echo "does not say: $text"; return 1; }
}

finish() {
	echo "1..$number"
	exit $((bad > 0))
}
