#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: ndctl.sh -l | -r SUITE.NAME
#
# In the guest: runs one test of ndctl in the root image; takes the options of a
# kselftest_harness.h program and answers like one. The tests are those that
# the host handed in, their commands are in /suite/tests.

# shellcheck source=lib.sh
. /lab/lib.sh
build=/suite/build

if [ "$1" = -l ]; then
	echo '# FIXTURE VARIANT TEST' >&2
	lab_input | awk -F. '
		{ rest = substr($0, length($1) + 2) }
		$1 != group { if (group) print "# FIXTURE"; group = $1; print group, rest; next }
		{ printf "%45s%s\n", "", rest }' >&2
	exit 4
fi
name=$2
limit=$(sed -n 's/.*lab.timeout=\([0-9]*\).*/\1/p' /proc/cmdline)

echo "TAP version 13"
echo "1..1"
command=$(awk -F '\t' -v name="$name" '$1 == name { print $2 }' /suite/tests)
status=0
# shellcheck disable=SC2016,SC2086 # for the inner shell; words are wanted
timeout -s KILL $((limit - 20)) chroot /userland /usr/bin/env -i \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C SYSTEMD_IGNORE_CHROOT=1 \
	NDCTL=$build/ndctl/ndctl DAXCTL=$build/daxctl/daxctl CXL=$build/cxl/cxl \
	TEST_PATH=$build/test DATA_PATH=/suite/src/test \
	LD_LIBRARY_PATH=$build/ndctl/lib:$build/daxctl/lib:$build/cxl/lib \
	bash -c 'cd /suite/build && exec "$@"' bash ${command:-false} >/tmp/test.out 2>&1 </dev/null || status=$?
sed 's/^/# /' /tmp/test.out
send "$name" /tmp/test.out
for module in nfit_test cxl_test; do
	chroot /userland modprobe -q -r $module
done

case $status in
0) echo "ok 1 $name" ;;
77)
	echo "ok 1 $name # SKIP $(tail -n 1 /tmp/test.out | cut -c1-120)"
	exit 4
	;;
*)
	[ $status -ne 137 ] || echo "# not done after $((limit - 20)) s"
	echo "# exit status $status"
	echo "not ok 1 $name"
	exit 1
	;;
esac
