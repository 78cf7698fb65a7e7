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
limit=$(test_limit)

[ "$1" != -l ] || list_input
name=$2

echo "TAP version 13"
echo "1..1"
command=$(awk -F '\t' -v name="$name" '$1 == name { print $2 }' /suite/tests)
status=0
# shellcheck disable=SC2016,SC2086 # for the inner shell; words are wanted
in_userland SYSTEMD_IGNORE_CHROOT=1 \
	NDCTL=$build/ndctl/ndctl DAXCTL=$build/daxctl/daxctl CXL=$build/cxl/cxl \
	TEST_PATH=$build/test DATA_PATH=/suite/src/test \
	LD_LIBRARY_PATH=$build/ndctl/lib:$build/daxctl/lib:$build/cxl/lib \
	timeout -s KILL "$limit" bash -c 'cd /suite/build && exec "$@"' bash ${command:-false} >/tmp/test.out 2>&1 || status=$?
sed 's/^/# /' /tmp/test.out
send "$name" /tmp/test.out
for module in nfit_test cxl_test; do
	chroot /userland modprobe -q -r $module
done

case $status in
0) echo "ok 1 $name" ;;
77)
	# The shell says what it does (set -x); the reason is what it printed last.
	echo "ok 1 $name # SKIP $(grep -v '^+' /tmp/test.out | tail -n 1 | cut -c1-120)"
	exit 4
	;;
*) not_ok "$name" $status ;;
esac
