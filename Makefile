# SPDX-License-Identifier: GPL-2.0
# This Makefile only names the jobs; each is a script that says with --help
# what it does. Variables are handed down in the environment:
#
#   O=DIR                build directory (default build)
#   V=1 DRY=1            show the commands, only show the commands (also: make -n)
#   KERNEL_SRC=          base tree or tarball of your own
#   CACHE= MIRROR=       where downloads go; the Debian mirror of guests' programs
#   DEPS=skip            do not look for missing packages
#   CONFIG=kasan         one more configuration fragment of tools/testing/config
#   ARCH= CROSS_COMPILE= JOBS= ACCEL=tcg|kvm QEMU=   of builds and boots
#   SUITE= MODES=        what "make suite" runs, and on which kernels
#   MINUTES= SEED= ROUNDS=   of SUITE=stress and SUITE=faults
#   XFSTESTS= FS= GROUP= CPUS= NDCTL=   of SUITE=xfstests and SUITE=ndctl,
#   TESTS= EXCLUDE= LIMIT= SHARD= GUESTS= PART=   see scripts/suite-*.sh --help
#   NAMES="arm64 um"     rows of check-arch
#   FIRST= LAST=         patches of each
#   FUNCTIONS=           of count
#   TREE=                of apply and unapply
#   FORCE=1 GROUP=       of tree and export; the group of new patches
#   GDB=1                of shell

ifneq ($(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),)
export DRY := 1
endif
export O V DRY KERNEL_SRC CACHE MIRROR NDCTL DEPS CONFIG SUITE MODES MINUTES SEED ROUNDS XFSTESTS FS GROUP TESTS EXCLUDE LIMIT SHARD GUESTS PART CPUS FIRST LAST ARCH CROSS_COMPILE JOBS ACCEL QEMU TREE GDB
unexport MAKEFLAGS MFLAGS

S := scripts
VM := tools/testing/vm

# The recipes carry a + so that make -n runs them, with DRY=1.
.PHONY: all check help deps fetch prepare build smoke test test-base lab-test \
	suite count check-mutants each check-arch lint shell apply unapply mbox tree export table arch-table suite-table clean distclean

all: ## build the patched kernel, boot it, run the smoke tests (the default)
	+@$(S)/main.sh

check: ## all checks and tests, on both kernels; with ARCH=um those of User Mode Linux
	+@$(S)/check.sh

help: ## this list, and the variables
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 16
	@sed -n 's/^# \(  .*\)/\1/p' Makefile

deps: ## install the Debian packages that are missing
	+@$(S)/deps.sh

fetch: deps ## the base tree, pinned in patches/base.conf
	+@$(S)/fetch.sh

prepare: fetch ## the trees that are built: patched and base
	+@$(S)/prepare.sh patched
	+@$(S)/prepare.sh base

build: prepare ## the patched kernel, its modules and the selftests
	+@$(S)/build.sh patched

smoke: build ## boot the patched kernel, run the smoke tests
	+@$(VM)/test.sh --mode patched --plan smoke

test: build ## boot the patched kernel, run all tests (ARCH=arm64, powerpc, riscv: of the plan arch)
	+@$(VM)/test.sh --mode patched

test-base: prepare ## the same on the base, against what is expected to differ
	+@$(S)/build.sh base
	+@$(VM)/test.sh --mode base

suite: deps fetch ## SUITE=kselftest|faults|stress|xfstests|ndctl on both kernels, compared
	+@$(S)/suite.sh

count: deps fetch ## instructions that vm_normal_page() takes, on both kernels
	+@$(S)/count.sh $(FUNCTIONS)

check-mutants: deps fetch ## kernels with a fault put in: do the tests notice?
	+@$(S)/mutants.sh

each: deps fetch ## build and boot the series patch by patch (FIRST= LAST=); long
	+@$(S)/each.sh

lab-test: deps ## the laboratory's own tests
	+@$(S)/lab-test.sh

check-arch: fetch ## build, and boot, the patched kernel for other architectures and compilers
	+@$(S)/deps.sh arch
	+@$(S)/check-arch.sh $(NAMES)

lint: fetch ## the rules for patches and scripts
	+@$(S)/lint.sh

shell: build ## a shell in the guest, pmem ready (GDB=1 waits for gdb)
	+@$(VM)/run.sh --mode patched --shell

apply: ## apply the series to TREE=
	+@$(S)/apply.sh

unapply: ## take the series out of TREE=
	+@$(S)/unapply.sh

mbox: ## the series as one mbox for git am
	+@$(S)/mbox.sh

tree: fetch ## a git tree with one commit per patch, to work in
	+@$(S)/tree.sh

export: ## write patches/ and series back from that tree
	+@$(S)/export.sh

table: ## write the table of results into Documentation
	+@$(S)/table.sh

arch-table: ## the same of what check-arch built and booted
	+@$(S)/arch-table.sh

suite-table: ## the same of what the suites found
	+@$(S)/suite-table.sh

clean: ## remove kernels, guests and what else was built, keep base and results
	+@$(S)/clean.sh

distclean: ## remove also the base tree and results (not build/tree, not the cache)
	+@$(S)/clean.sh --all
