#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# usage: series-lint.sh
#
# Tests lint.sh by breaking each rule once, alone, and deps.sh with stand-ins
# for dpkg and apt. KTAP on stdout.

# shellcheck disable=SC2016,SC2317 # dollars of others; check runs the functions
[[ ${1:-} != --help ]] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0; }
# shellcheck source=tools/testing/lab/series-fixture.sh
. "$(dirname "${BASH_SOURCE[0]}")/series-fixture.sh"
p=$repo/patches
first=fixes/fs-dax-say-twenty.patch
second=refcount/mm-fs-dax-drop-old-add-dax-new.patch
third=refcount/mm-gup-forget-the-seventh.patch

# Each patch and script is looked at by shellcheck once, at the end; here a
# stand-in saves time.
printf '#!/bin/sh\ntrue\n' >"$tmp/bin/shellcheck"
chmod +x "$tmp/bin/shellcheck"

check "the series of the fixture is clean" says 0 "4 patches, " "$s/lint.sh"

# complains TEXT [N] COMMAND...: after the command lint says so, N times in all
# (once), each with a repair; then everything is put back.
complains() {
	local text=$1 n=1 status=0
	shift
	[[ $1 != [0-9] ]] || { n=$1; shift; }
	"$@"
	says 1 "$text" "$s/lint.sh" || status=1
	[[ $(grep -c '^  repair: ' "$tmp/says") -eq $n ]] || { echo "not $n repairs"; status=1; }
	git -C "$repo" checkout -qf . && git -C "$repo" clean -qfd
	return "$status"
}

# remade COMMAND...: the patches as export writes them after the command was
# run in the tree and its changes amended to the last commit.
remade() {
	FORCE=1 "$s/tree.sh" >/dev/null
	(cd "$O/tree" && "$@" && git add -A && GIT_EDITOR=: git commit -q --amend --allow-empty)
	"$s/export.sh" >/dev/null
}
reword() { remade git commit -q --amend -m "$1" -m "${2:-$'one\ntwo\nthree'}"; }

check "listed and not there" complains "$first is listed but not there" 2 rm "$p/$first"
check "there and not listed" complains "is not listed in series" cp "$p/$first" "$p/fixes/other.patch"
check "listed twice" complains "is listed twice" sed -i "s,^$third,&\n&," "$repo/series"
check "a group without heading" complains "has no group heading" sed -i '/^# .fixes/d' "$repo/series"
check "groups out of order" complains "is listed after patches of selftests" sh -c "sed -i '\\,^$third,d' $repo/series; echo $third >>$repo/series"
check "a patch that does not apply" complains "does not apply without fuzz" sed -i 's/^-line 20$/-line 2000/' "$p/$first"
check "a patch that applies with fuzz" complains "does not apply without fuzz" sed -i 's/^ line 18$/ line 1800/' "$p/$first"
check "a patch without the one it needs" complains "$second: does not apply" 2 sed -i "\\,^$first,d" "$repo/series"
check "a name that is not the subject's" complains "should be fixes/fs-dax-say-twenty.patch" \
	sh -c "mv $p/$first $p/fixes/x.patch; sed -i s,^$first,fixes/x.patch, $repo/series"
check "no author" complains "has no From" 2 sed -i '1d' "$p/$first"
check "a long subject" complains "the subject has 8" reword "selftests/dax: $(printf 'x%.0s' {1..70})"
check "no subsystem" complains "names no subsystem" reword "Add something"
check "no changelog" complains "changelog of less than three lines" reword "selftests/dax: x" "too short"
for trailer in Signed-off-by Tested-by; do
	check "$trailer" complains "speaks for others: $trailer: N <n@example.org>" \
		reword "selftests/dax: x" $'one\ntwo\nthree\n\n'"$trailer: N <n@example.org>"
done
blanks() { echo 'echo blank ' >>tools/testing/selftests/dax/run.sh; }
check "trailing blanks" complains "trailing blanks are added in line" remade blanks
check "a false diffstat" complains "the diffstat is not true" sed -i 's/ | 2 +-/ | 3 ++-/' "$p/$first"
check "not as export writes it" complains "is not as make export writes it" sed -i '/^index/d' "$p/$first"
badstyle() { echo '# badstyle' >>tools/testing/selftests/dax/run.sh; }
check "checkpatch" complains "checkpatch --strict: 1 complaints" remade badstyle
no_doc() { echo 'EXPORT_SYMBOL(undocumented);' >>fs/dax.c; }
check "an export without kernel-doc" complains "the new export undocumented has no kernel-doc" 2 remade no_doc
bad_doc() { printf '/**\n * f() - baddoc\n */\nEXPORT_SYMBOL(f);\n' >>mm/gup.c; }
check "bad kernel-doc" complains "kernel-doc of f: mm/gup.c:" remade bad_doc
not_alone() { sed -i 's/^line twenty$/line XX/' fs/dax.c; }
check "selftests that do not apply to the base" complains "does not apply to the base alone" remade not_alone
check "a manifest that is not true" complains "is not the manifest" sed -i 's/^[0-9a-f]/z/' "$p/base.sha256"
check "a word that a patch brings back" complains "a word of patches/gone in line" sh -c "echo twenty >$p/gone"
check "a word in a file that no patch touches" complains "and no patch touches it" sh -c "echo PATCHLEVEL >$p/gone"
long() { yes : | head -n 300 >>"$s/mbox.sh"; }
check "a long script" complains "mbox.sh: has 3" long
check "a script that is not in the index" complains "has 0 lines for mbox.sh" sed -i /mbox/d "$s/README"
check "a script that is in the index twice" complains "has 2 lines for mbox.sh" sed -i 's/^mbox.*/&\n&/' "$s/README"
check "a script that is in the index alone" complains "lists gone.sh" sed -i '1i gone.sh  nothing' "$s/README"
two() { sed -i '/mbox/d' "$s/README"; sed -i 's/ | 2 +-/ | 3 ++-/' "$p/$first"; }
check "all complaints at once" complains "has 0 lines for mbox.sh" 2 two
rm "$tmp/bin/shellcheck"
unquoted() { printf '#!/bin/bash\ncat $1\n' >"$repo/x.sh"; }
if command -v shellcheck >/dev/null; then
	check "shellcheck" complains "x.sh:2:5: note: Double quote" unquoted
else
	check "shellcheck is installed" false
fi

# --- deps
cat >"$tmp/bin/dpkg-query" <<E
#!/bin/sh
shift 3
for p; do case " \$LACK " in *" \$p "*) ;; *) echo "installed \$p" ;; esac; done
E
cat >"$tmp/bin/apt-get" <<E
#!/bin/sh
echo "\$*" >>$tmp/apt.log
[ -z "\$OFFLINE" ] || { echo "E: no network" >&2; exit 100; }
E
cp "$tmp/bin/apt-get" "$tmp/bin/sudo"
printf '#!/bin/sh\necho ${ID:-0}\n' >"$tmp/bin/id"
chmod +x "$tmp"/bin/*
asked() { grep -qxF -e "-q install -y --no-install-recommends bison ndctl" "$tmp/apt.log"; }
check "nothing missing, nothing said" silent "$s/deps.sh"
install_both() { LACK="ndctl bison" says 0 "MISSING 2 of" "$s/deps.sh" && asked; }
check "all that is missing is named and installed at once" install_both
rm -f "$tmp/apt.log"
dry() { LACK=bison DRY=1 says 0 "'install'" "$s/deps.sh" && [[ ! -e $tmp/apt.log ]]; }
check "DRY=1 installs nothing" dry
check "DEPS=skip looks at nothing" silent env LACK=bison DEPS=skip "$s/deps.sh"
no_terminal() { ID=1000 LACK=bison says 1 "as root: apt-get install --no-install-recommends bison" "$s/deps.sh" </dev/null; }
check "without a terminal it says what to do" no_terminal
check "no network is an error" says 1 "failed" env LACK=bison OFFLINE=1 "$s/deps.sh"
finish
