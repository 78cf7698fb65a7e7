# SPDX-License-Identifier: GPL-2.0
# The judgement of judge.sh. Reads serial.log on stdin, the rest by name from
# -v mode, variant, again, results, expect, also, more, plans, splats, allow. POSIX
# awk: mawk must do. The list "also" adds its todo lines, "more" comes first.

BEGIN {
	while ((getline line < splats) > 0)
		splat_re = splat_re (splat_re == "" ? "" : "|") "(" line ")"
	if (splat_re == "") {
		print "error: no splat patterns in " splats > "/dev/stderr"
		dead = 1
		exit 1
	}
	where = ""
}

# The kernel's log: slices, and which one a splat falls into.
/^(\[[^]]*\] *)*lab: begin / { where = after("lab: begin "); last_begun = where; begun[where]++ }
where != "" { print > (results "/log/" where ".log") }
/^(\[[^]]*\] *)*lab: end / { close(results "/log/" where ".log"); ended[where] = 1; where = "" }
/^(\[[^]]*\] *)*lab: allow bad page map$/ && where != "" { allowed[where] = "BUG: Bad page map in process |Call Trace:" }
/^(\[[^]]*\] *)*lab: done / { done = after("lab: done ") }
/^(\[[^]]*\] *)*lab: down$/ { down = 1 }
!/^(\[[^]]*\] *)*lab: / && $0 ~ splat_re && (allow == "" || $0 !~ allow) {
	if (where == "") {
		if (!outside++)
			first_outside = clean($0)
	} else if (!(where in splat) && !(where in allowed && $0 ~ allowed[where])) {
		splat[where] = clean($0)
	}
}

END {
	if (dead)
		exit 1
	if (where != "")
		close(results "/log/" where ".log")
	if (more != "")
		read_expect(more, "fail|todo|skip|mayskip", 0)
	read_expect(expect, mode == "base" ? "fail|skip|mayskip" : "todo|skip|mayskip", 0)
	if (also != "")
		read_expect(also, "todo|skip", "todo")
	read_ktap()
	read_assertions(results "/assertions", now)
	read_assertions(expect ".assertions", recorded)
	for (i = 1; i <= n; i++)
		judge(i)
	whole_run()
	write_ktap()
	write_junit()
	report()
	exit (count["fail"] > 0)
}

function after(mark) {
	return substr($0, index($0, mark) + length(mark))
}

function clean(text) {
	sub(/^\[ *[0-9.]*\](\[[^]]*\])? */, "", text)
	return text
}

function glob_re(glob,   i, c, re) {
	for (i = 1; i <= length(glob); i++) {
		c = substr(glob, i, 1)
		if (c == "*")
			re = re ".*"
		else if (c == "?")
			re = re "."
		else if (index(".+(){}|^$\\", c))
			re = re "\\" c
		else
			re = re c
	}
	return "^" re "$"
}

# trouble(TEXT): a failure that belongs to no test.
function trouble(text) {
	troubles[++ntroubles] = text
	count["fail"]++
}

# read_expect(FILE, KINDS, ONLY): the lines of a list, which may be of these
# kinds; only those of one kind if ONLY names it.
function read_expect(file, kinds, only,   line, f, number) {
	while ((getline line < file) > 0) {
		number++
		if (line ~ /^[ \t]*(#|$)/)
			continue
		if (split(line, f, /[ \t]+/) < 3 || f[2] !~ "^(" kinds ")$") {
			trouble(file ":" number ": not '<test id> " kinds " <reason>'")
			continue
		}
		if (only && f[2] != only)
			continue
		nexpect++
		ex_re[nexpect] = glob_re(f[1])
		ex_glob[nexpect] = f[1]
		ex_kind[nexpect] = f[2]
		sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+/, "", line)
		ex_reason[nexpect] = line
		ex_where[nexpect] = file ":" number
	}
}

# Results in the order of the run; raw[] is ok, not ok or skip.
function read_ktap(   line, text, why, took, said) {
	planned = -1
	while ((getline line < (results "/ktap.raw")) > 0) {
		if (line ~ /^# plan /)
			plan = substr(line, 8)
		else if (line ~ /^# filter /)
			filter = substr(line, 10)
		else if (line ~ /^# kernel /)
			kernel = substr(line, 10)
		else if (line ~ /^1\.\.[0-9]+$/)
			planned = substr(line, 4) + 0
		else if (line ~ /^  /) {
			text = text line "\n"
			if (line ~ /^  # reason /)
				why = substr(line, 12)
			else if (said == "" && line ~ /:Expected /)
				said = substr(line, 5)
			else if (line ~ /^  # elapsed /)
				took = substr(line, 13)
		} else if (line ~ /^(not )?ok [0-9]+ /) {
			add_result(line, text, why, took)
			raw_reason[n] = why
			if (why == "failed" && said != "")
				reason[n] = said
			text = why = took = said = ""
		}
	}
	got = n
	# The test during which the run ended.
	if (last_begun != "" && !(last_begun in seen))
		add_result("not ok 0 " last_begun, text, \
			(last_begun in ended) ? "no result" : "the run ended in this test", "")
}

function add_result(line, text, why, took,   skip) {
	n++
	raw[n] = "ok"
	if (sub(/^not /, "", line))
		raw[n] = "not ok"
	sub(/^ok [0-9]+ /, "", line)
	if ((skip = index(line, " # SKIP"))) {
		why = substr(line, skip + 8)
		line = substr(line, 1, skip - 1)
		raw[n] = raw[n] == "ok" ? "skip" : "not ok"
	}
	id[n] = line
	output[n] = text
	reason[n] = why
	elapsed[n] = took + 0
	if (seen[line]++)
		trouble("two results for " line)
	if (!begun[line])
		trouble("no mark in the kernel's log for " line)
	suite[n] = line
	sub(/\..*/, "", suite[n])
	in_suite[suite[n]]++
}

function read_assertions(file, set,   line, f) {
	while ((getline line < file) > 0) {
		split(line, f, /\t/)
		set[f[1]] = set[f[1]] f[2] "x " f[3] "; "
	}
}

# otherwise(i): how a test that has to fail did so in another way, if it did.
function otherwise(i,   why) {
	why = raw_reason[i]
	if (id[i] in splat)
		sub(/, kernel tainted: W$/, "", why)
	if (why != "failed")
		return "not failed but: " why
	# A count of * says that they vary, and why.
	if (now[id[i]] != recorded[id[i]] && recorded[id[i]] !~ /^\*x /)
		return "other assertions than in " expect ".assertions: " now[id[i]]
	return ""
}

# verdict[] is pass, fail, todo or skip.
function judge(i,   e, kind) {
	kind = ""
	for (e = 1; e <= nexpect; e++)
		if (id[i] ~ ex_re[e]) {
			kind = ex_kind[e]
			ex_used[e]++
			break
		}
	sub(/^ /, "", reason[i])
	if (id[i] in splat) {
		raw[i] = "not ok"
		reason[i] = splat[id[i]]
		# Only a kernel that is known to do this is excused.
		if (kind == "todo")
			kind = "todo without a splat"
	}
	if (kind == "" || kind == "mayskip" && raw[i] != "skip") {
		verdict[i] = raw[i] == "ok" ? "pass" : "fail"
		if (raw[i] == "skip")
			reason[i] = "skipped, and no list says so: " reason[i]
	} else if (kind ~ /skip/ && raw[i] == "skip") {
		verdict[i] = "skip"
	} else if (kind ~ /todo|fail/ && raw[i] == "not ok" && otherwise(i) != "") {
		verdict[i] = "fail"
		reason[i] = "fails as listed in " ex_where[e] ", but: " otherwise(i)
	} else if (kind == "todo" && raw[i] == "not ok") {
		verdict[i] = "todo"
		reason[i] = ex_reason[e]
	} else if (kind == "fail" && raw[i] == "not ok") {
		verdict[i] = "pass"
		reason[i] = "differs from the patched kernel as listed: " ex_reason[e]
	} else {
		verdict[i] = "fail"
		reason[i] = sprintf("%s, but %s expects %s%s", \
			raw[i] == "ok" ? "passed" : raw[i] == "skip" ? "skipped" : "failed", \
			ex_where[e], kind, raw[i] == "ok" ? "" : ": " reason[i])
	}
	count[verdict[i]]++
}

# What must hold for the run as a whole.
function whole_run(   e, f, line, whole) {
	whole = plan == "plan" && filter == "*"
	if (outside)
		trouble(outside " splats outside of any test, the first: " first_outside)
	if (done == "")
		trouble("the guest did not say that it is done")
	else if (!down)
		trouble("the guest did not come down cleanly after the tests")
	if (planned < 0)
		trouble("no plan line in " results "/ktap.raw")
	else if (got != planned)
		trouble(planned - got " of " planned " planned tests have no result")
	else if (done != "" && done != got)
		trouble("the guest ran " done " tests and reported " got)
	if (n == 0)
		trouble("not one test ran")
	if (filter == "*")
		while ((getline line < (plans "/" plan)) > 0) {
			if (line ~ /^[ \t]*(#|$)/)
				continue
			split(line, f, /[ \t]+/)
			if (!in_suite[f[1]] && !told[f[1]]++)
				trouble("no test of suite " f[1] " has run")
		}
	if (whole && got == planned)
		for (e = 1; e <= nexpect; e++)
			if (!ex_used[e])
				trouble(ex_where[e] ": " ex_glob[e] " matches no test")
}

function write_ktap(   i, file) {
	file = results "/ktap.log"
	printf "KTAP version 1\n# kernel %s\n# plan %s\n1..%d\n", kernel, plan, n + ntroubles > file
	for (i = 1; i <= n; i++) {
		printf "%s", output[i] > file
		if (verdict[i] == "fail")
			printf "# %s: %s\n", id[i], reason[i] > file
		printf "%s %d %s%s\n", verdict[i] ~ /fail|todo/ ? "not ok" : "ok", i, id[i], \
			verdict[i] == "todo" ? " # TODO " reason[i] : \
			verdict[i] == "skip" ? " # SKIP " reason[i] : "" > file
	}
	for (i = 1; i <= ntroubles; i++)
		printf "# %s\nnot ok %d run.%d\n", troubles[i], n + i, i > file
	close(file)
}

function report(   i) {
	for (i = 1; i <= n; i++) {
		if (verdict[i] != "fail")
			continue
		printf "FAILED %s: %s\n", id[i], reason[i]
		printf "  log:   %s/log/%s.log\n", results, id[i]
		printf "  again: %stools/testing/vm/test.sh --mode %s%s --test '%s'\n", \
			again, mode, \
			plan == "plan" ? "" : " --plan " plan, id[i]
	}
	for (i = 1; i <= ntroubles; i++)
		printf "FAILED %s\n", troubles[i]
	if (ntroubles)
		printf "  log:   %s/serial.log\n", results
	if (count["todo"])
		printf "%d of the skipped are todo: %s says why\n", count["todo"], also == "" ? expect : also
	line = sprintf("%d passed, %d failed, %d skipped", count["pass"], count["fail"], count["todo"] + count["skip"])
	printf "%s %s%s, plan %s, kernel %s: %s\n", count["fail"] ? "fail" : "pass", mode, variant, plan, \
		kernel, line > (results "/verdict")
	print line
}
