#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: run-tests.sh PLAN [GLOB [SECONDS]]
#
# In the guest: asks every program of the plan for its tests and runs them one
# by one, each in a cgroup of its own, with marks in the kernel's log around
# it. KTAP goes to the virtio port lab.ktap (to stdout if there is none).
# A program that is missing, dies or has no tests is a failed test.
# Succeeds if the plan ran to its end; what the results mean the host judges.

# shellcheck source=lib.sh
. /lab/lib.sh
plan=$1 glob=${2:-*} limit=${3:-90}

port=/dev/stdout
for name in /sys/class/virtio-ports/*/name; do
	if [ -f "$name" ] && [ "$(cat "$name")" = lab.ktap ]; then
		port=/dev/$(basename "$(dirname "$name")")
	fi
done
exec 3>"$port"

# List first: the number of tests is known before one has run. A row of the
# list names a variant, a test, or both: the columns are parallel lists.
list_tests() {
	awk '
	/^# FIXTURE/ || /^---/ { flush(); first = 1; next }
	first {
		first = 0; fixture = $1
		if (NF == 3) variant[++nv] = $2
		if (NF > 1) test[++nt] = $NF
		next
	}
	NF == 2 { variant[++nv] = $1; test[++nt] = $2 }
	NF == 1 && match($0, /^ */) {
		if (RLENGTH > 40) test[++nt] = $1; else variant[++nv] = $1
	}
	function flush(   v, t) {
		for (v = nv ? 1 : 0; v <= nv; v++)
			for (t = 1; t <= nt; t++)
				print fixture (v ? "." variant[v] : "") "." test[t]
		nv = nt = 0
	}
	END { flush() }'
}

programs=/tmp/list
while read -r suite program targets; do
	case $suite in '' | '#'*) continue ;; esac
	only='*'
	case $program in *:*) only=${program#*:} program=${program%%:*} ;; esac
	path=/tests/$program
	[ -f "$path" ] || path=/lab/$program
	names=
	if [ -x "$path" ]; then
		# shellcheck disable=SC2254 # the globs are the point
		for name in $(timeout -s KILL "$limit" "$path" -l 2>&1 </dev/null | list_tests); do
			case $name in $only) names="$names $name" ;; esac
		done
	fi
	for name in ${names:--}; do
		id=$suite.$name
		[ "$name" != - ] || id=$suite.$program.list
		# shellcheck disable=SC2254
		case $id in $glob) echo "$id $path $name $targets" ;; esac
	done
done <"/lab/$plan" >$programs

exec 4<$programs
count=$(wc -l <$programs)
{
	echo "KTAP version 1"
	echo "# plan $plan"
	echo "# filter $glob"
	echo "# kernel $(uname -r) $(uname -v)"
	echo "1..$count"
} >&3

cg=/sys/fs/cgroup/test
mkdir -p $cg

# run_one PATH NAME TARGET...: adds what the program printed to $output; $why
# says why it failed, $skip why it did not run. Forks cost 10 ms and more under
# TCG, so the shell's own means must do.
run_one() {
	path=$1 name=$2 why='' skip='' new='' allow=''
	shift 2
	if [ "$name" = - ]; then
		why="${path##*/} is missing or lists no such tests"
		return
	fi
	for target; do
		shift
		case $target in
		@devdax=*)
			target=${target#*=}
			[ "$target" != page ] || target=$(($(page_size) / 1024))K
			skip=$(no_align "$target")
			if [ -z "$skip" ] && [ "$align" != "$target" ]; then
				align=$target
				if ! devdax "$align"; then
					why="no device-dax of alignment $align"
					align=
				fi
			fi
			target=/dev/dax1.0
			;;
		@fsdax=*)
			align=
			fsdax "${target#*=}" || why="no DAX file system on NVDIMM 1"
			target=/tmp/fsdax
			;;
		@p2pmem)
			target=$(p2pmem) || why="no P2PDMA memory"
			;;
		@bad-map)
			# The judge lets such reports pass, and only these.
			allow=B
			note "allow bad page map"
			continue
			;;
		esac
		set -- "$@" "$target"
	done
	[ -z "$why$skip" ] || return
	read -r before </proc/sys/kernel/tainted
	# shellcheck disable=SC2016
	timeout -s KILL "$limit" sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' \
		$cg "$path" -r "$name" "$@" >/tmp/out 2>&1 </dev/null
	status=$?
	if read -r left <$cg/cgroup.procs; then
		left="$left $(cat "/proc/$left/comm" 2>/dev/null)"
		echo 1 >$cg/cgroup.kill
		while read -r _ <$cg/cgroup.procs; do usleep 10000; done
	else
		left=
	fi
	read -r tainted </proc/sys/kernel/tainted
	result='' results=0 plan_skip=
	while IFS= read -r text || [ -n "$text" ]; do
		case $text in
		"TAP version"*) text="KTAP version 1" ;;
		"ok "* | "not ok "*)
			result=$text
			results=$((results + 1))
			;;
		"1..0 # SKIP"*) plan_skip=${text#1..0 # SKIP} ;;
		"#"* | KTAP* | 1..*) ;;
		*) text="# $text" ;;
		esac
		output="$output  $text
"
	done </tmp/out
	case $status:$results:$result in
	137:*) why="killed: the limit is $limit s" left='' ;;
	[04]:1:"ok 1 "*"# SKIP"*) skip=${result#*# SKIP} ;;
	*:1:"ok 1 "*"# "[A-Z]*) why="unknown directive in: $result" ;;
	0:1:"ok 1 $name"*) ;;
	4:0:) skip=$plan_skip; [ -n "$skip" ] || why="skipped without a reason" ;;
	*:1:"not ok 1 "*) why=failed ;;
	*) why="exit status $status with $results results" ;;
	esac
	[ -z "$left" ] || why="${why:+$why, }process left behind: $left"
	[ "$tainted" = "$before" ] || new=$(new_taint "$before" "$tainted")
	[ "$new" != "$allow" ] || new=
	[ -z "$new" ] || why="${why:+$why, }kernel tainted: $new"
}

align='' number=0
while read -r id path name targets <&4; do
	number=$((number + 1))
	output=
	note "begin $id"
	read -r start _ </proc/uptime
	# shellcheck disable=SC2086 # targets are words
	run_one "$path" "$name" $targets
	read -r end _ </proc/uptime
	note "end $id"
	start=${start%.*}${start#*.} end=${end%.*}${end#*.}
	output="$output  # elapsed $(((end - start) / 100)).$(((end - start) / 10 % 10))
${why:+  # reason $why
}"
	if [ -n "$why" ]; then
		output="${output}not ok $number $id"
	else
		output="${output}ok $number $id${skip:+ # SKIP ${skip# }}"
	fi
	echo "$output" >&3
done
note "done $number"
[ "$number" -gt 0 ]
