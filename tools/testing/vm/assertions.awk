# SPDX-License-Identifier: GPL-2.0
# The assertions that failed in each test of a ktap.raw: "<test id> <count>
# <text>", tab separated, without what changes from run to run, line numbers
# and values. POSIX awk.

/^  # .*:Expected / {
	text = substr($0, 5)
	sub(/:[0-9]+:/, ":", text)
	gsub(/ \(-?(0x)?[0-9a-f]+\)/, "", text)
	count[text]++
	next
}
/^(not )?ok [0-9]+ / {
	id = $0
	sub(/^(not )?ok [0-9]+ /, "", id)
	sub(/ # SKIP.*/, "", id)
	for (text in count) {
		print id "\t" count[text] "\t" text
		delete count[text]
	}
}
