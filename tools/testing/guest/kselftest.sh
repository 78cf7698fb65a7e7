#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: kselftest.sh -l | -r NAME DIR
#
# In the guest: runs one line of kselftest.list, with DIR, on a DAX file
# system, for its working directory and its /tmp. Takes the options of a
# kselftest_harness.h program and answers like one; what the program printed
# stands before the result, as comments.

list=/lab/kselftest.list

if [ "$1" = -l ]; then
	echo '# FIXTURE VARIANT TEST' >&2
	awk '!/^#/ && NF {
		sub(/^(hmm|huge|one|gather):/, "", $1)
		printf n++ ? "%45s%s\n" : "%s %s\n", n == 1 ? "mm" : "", $1
	}' $list >&2
	exit 4
fi
test=${2#mm.} dir=$3

echo "TAP version 13"
echo "1..1"
# shellcheck disable=SC2046 # words are wanted
set -- $(awk -v t="$test" '!/^#/ { n = $1; sub(/^(hmm|huge|one|gather):/, "", n); if (n == t) print }' $list)
[ $# -gt 1 ] || { echo "not ok 1 mm.$test"; exit 1; }
name=$1 program=/tests/$2
shift 2
if [ ! -x "$program" ]; then
	echo "ok 1 mm.$test # SKIP ${program##*/} was not built: a library was missing"
	exit 4
fi

work=$dir/kselftest
mkdir -p "$work" && chmod 1777 "$work" || exit 1
i=$#
while [ $i -gt 0 ]; do
	arg=$1
	shift
	case $arg in
	@file)
		arg=$work/file
		xfs_io -f -c "pwrite -q -b 1m 0 64m" "$arg" || exit 1
		;;
	@dir) arg=$work ;;
	esac
	set -- "$@" "$arg"
	i=$((i - 1))
done
nr=/proc/sys/vm/nr_hugepages
case $name in
hmm:*) insmod /tests/test_hmm.ko || exit 1 ;;
huge:*) pages=136 ;;
# One that is free: a poisoned page stays in the pool, as a surplus page.
one:*)
	echo 0 >$nr
	pages=$(($(sed -n 's/^HugePages_Total: *//p' /proc/meminfo) + 1))
	;;
gather:*) preload=/tests/gather.so ;;
esac
if [ "${pages:-0}" -gt 0 ]; then
	echo "$pages" >$nr
	echo "# $(cat $nr) huge pages of $pages"
fi

# The result goes through a file: a pipe would have the status of its reader.
# shellcheck disable=SC2016 # for the inner shell
unshare -m sh -c '
	mount --bind "$0" /tmp && cd /tmp || exit 1
	exec "$@"' "$work" ${preload:+env LD_PRELOAD=$preload} "$program" "$@" >/tmp/kselftest.out 2>&1
status=$?
sed 's/^/# /' /tmp/kselftest.out

case $name in
hmm:*) rmmod test_hmm || status=1 ;;
huge:* | one:*) echo 0 >$nr ;;
esac
rm -rf "$work"
# khugepaged ends with the number of failures, and four are no skip.
case $program:$status in
*/khugepaged:4) status=1 ;;
esac
case $status in
0) echo "ok 1 mm.$test" ;;
4) echo "ok 1 mm.$test # SKIP the program says so, see above" ;;
*) echo "# exit status $status"; echo "not ok 1 mm.$test" ;;
esac
exit $status
