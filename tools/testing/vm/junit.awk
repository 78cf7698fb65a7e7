# SPDX-License-Identifier: GPL-2.0
# The JUnit XML of a run that judge.awk has judged; runs with it.

function xml(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	gsub(/[\001-\010\013-\037]/, "?", text)
	return text
}

function write_junit(   i, file) {
	file = results "/junit.xml"
	printf "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n" > file
	printf "<testsuite name=\"%s%s\" tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n", \
		mode, xml(variant), n + ntroubles, count["fail"], count["todo"] + count["skip"] > file
	for (i = 1; i <= n; i++) {
		printf "<testcase classname=\"%s\" name=\"%s\" time=\"%.2f\">", xml(suite[i]), \
			xml(substr(id[i], length(suite[i]) + 2)), elapsed[i] > file
		if (verdict[i] == "fail")
			printf "<failure message=\"%s\">%s</failure>", xml(reason[i]), xml(output[i]) > file
		else if (verdict[i] != "pass")
			printf "<skipped message=\"%s%s\"/>", verdict[i] == "todo" ? "TODO " : "", \
				xml(reason[i]) > file
		print "</testcase>" > file
	}
	for (i = 1; i <= ntroubles; i++)
		printf "<testcase classname=\"run\" name=\"%d\"><failure message=\"%s\"/></testcase>\n", \
			i, xml(troubles[i]) > file
	print "</testsuite>\n</testsuites>" > file
	close(file)
}
