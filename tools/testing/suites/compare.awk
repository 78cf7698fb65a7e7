# SPDX-License-Identifier: GPL-2.0
# usage: awk -f compare.awk -v base=KTAP -v patched=KTAP... [-v only=LIST] [-v out=TABLE]
#
# Compares the results of a suite on two kernels, test by test and, where a
# program reports results of its own, line by line. Reads the ktap.log of each
# run: base and patched are lists of files, separated by blanks; more than one
# when tests were run again, and what differs between runs of one kernel is
# flaky; what is so on the patched kernel only, and always passes on the base, is
# broken. A trouble of a whole run (run.N) that the other has not is a pass there.
# With a LIST, if there is one, only tests that it names, one a line, are compared.
# Writes the table with the differences first to out, and prints
# "N same, N fixed, N broken, N flaky". Exit 1 if something is broken. POSIX awk.

BEGIN {
	while (only != "" && (getline id < only) > 0)
		listed[id] = listing = 1
	read_runs("base", base)
	read_runs("patched", patched)
	for (i = 1; i <= n; i++) {
		t = order[i]
		b = result("base", t)
		p = result("patched", t)
		if (b == "pass" && p == "flaky")
			kind = "broken"
		else if (b == "flaky" || p == "flaky")
			kind = "flaky"
		else if (b == p)
			kind = "same"
		else if (better(p) > better(b))
			kind = "fixed"
		else
			kind = "broken"
		count[kind]++
		row[kind, count[kind]] = sprintf("%-7s  %-9s  %-9s  %s", kind, b, p, t)
	}
	if (out != "") {
		printf "%-7s  %-9s  %-9s  %s\n", "", "base", "patched", "test" > out
		list("broken"); list("flaky"); list("fixed"); list("same")
	}
	list_short("broken"); list_short("flaky"); list_short("fixed")
	printf "%d same, %d fixed, %d broken, %d flaky\n",
		count["same"], count["fixed"], count["broken"], count["flaky"]
	exit count["broken"] > 0 || n == 0
}

function better(r) {
	return r == "pass" ? 3 : r == "skip" ? 2 : r == "fail" ? 1 : 0
}

function list(kind,   i) {
	for (i = 1; i <= count[kind]; i++)
		print row[kind, i] > out
}

function list_short(kind,   i) {
	for (i = 1; i <= count[kind]; i++)
		print row[kind, i]
}

function result(mode, t) {
	return (mode, t) in res ? res[mode, t] : t ~ /^run\.[0-9]+$/ ? "pass" : "missing"
}

function read_runs(mode, files,   parts, k, i) {
	k = split(files, parts, " ")
	for (i = 1; i <= k; i++)
		read_run(mode, parts[i])
}

# A line of a program comes before the result of its test.
function read_run(mode, file,   line, nr, i, held, text, r, id, seen) {
	nr = 0
	while ((getline line < file) > 0) {
		if (line ~ /^(not )?ok [0-9]+ /) {
			r = line ~ /^not ok/ ? "fail" : line ~ /# SKIP/ ? "skip" : "pass"
			id = line
			sub(/^(not )?ok [0-9]+ /, "", id)
			sub(/ *#.*/, "", id)
			if (listing && !(id in listed) && id !~ /^run\.[0-9]+$/) {
				nr = 0
				continue
			}
			for (i = 1; i <= nr; i++) {
				text = held[i]
				take(mode, file, id ": " name(text), status(text))
			}
			nr = 0
			take(mode, file, id, r)
		} else if (line ~ /^ *# +(not )?ok [0-9]+/) {
			held[++nr] = line
		}
	}
	close(file)
}

function status(text) {
	if (text ~ /# +not ok/)
		return text ~ /# (SKIP|XFAIL)/ ? "skip" : "fail"
	return text ~ /# *SKIP/ ? "skip" : "pass"
}

# What is counted, timed or addressed is not part of a name.
function name(text) {
	sub(/^ *# +(not )?ok [0-9]+ *-? */, "", text)
	sub(/ *# *(SKIP|XFAIL|TODO).*/, "", text)
	gsub(/0x[0-9a-f]+/, "0x*", text)
	gsub(/pid [0-9]+/, "pid *", text)
	gsub(/[0-9]+MB of/, "*MB of", text)
	# pagemap_ioctl: "Extra pages 90 (0.2%), extra thread faults 90."
	gsub(/[0-9]+ \([0-9.]+%\)/, "* (*%)", text)
	gsub(/faults [0-9]+/, "faults *", text)
	return text
}

# A name that comes twice in one run is counted.
function take(mode, file, t, r) {
	times[file, t]++
	if (times[file, t] > 1)
		t = t " (" times[file, t] ")"
	if (!(t in known)) {
		known[t] = 1
		order[++n] = t
	}
	if (!((mode, t) in res))
		res[mode, t] = r
	else if (res[mode, t] != r)
		res[mode, t] = "flaky"
}
