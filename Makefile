# SPDX-License-Identifier: GPL-2.0-only
# Peios memory policy: the driver. `make help` lists the targets.

SHELL := /bin/bash
BUILD ?= build
S := scripts
export BUILD KSRC CONFIG

.PHONY: help setup-% apply release debug kcsan vanilla initramfs run check kselftest load soak kunit lint bench select reap-bench warning \
	tree refresh series series-check off-check configs analyze coverage deb vm userland clean

help:
	@echo 'Peios memory policy for Linux 6.12'
	@echo
	@echo '  make run           build, boot in QEMU, show the series at work;'
	@echo '                     on a terminal it ends in a shell in the guest'
	@echo '  make check         all tests on a release and a debug kernel'
	@echo '  make check SUITE=X a part: release, debug, kunit, selftests, config,'
	@echo '                     one self-test, such as gate_test, or one test of'
	@echo '                     scripts/check.d; KERNELS=release spares the debug kernel'
	@echo "  make kselftest     the base's own self-tests on the base kernel and on ours;"
	@echo '                     make check SUITE=kselftest runs the quicker part'
	@echo '  make load          the self-tests 20 times (RUNS) on a busy machine'
	@echo '  make kunit         the KUnit suites under User Mode Linux (fast)'
	@echo '  make soak          TIME=60m of all at once, OOM kills, failing allocations, CPUs'
	@echo '                     that come and go, on the debug kernel and on one with KCSAN'
	@echo '  make bench         what operations cost against the base kernel: instructions,'
	@echo '                     bytes, and times on 8 CPUs (BENCH_SMP_SECONDS=480)'
	@echo '  make select        whom both kernels choose by skewed counters, and at what cost'
	@echo '  make reap-bench    how soon the memory of OOM victims is back, on both kernels'
	@echo '  make warning       a table: how early which warning comes before an OOM kill'
	@echo '  make lint          checkpatch, kernel-doc, sparse, shellcheck'
	@echo '  make apply         the base with the series applied, in $(BUILD)/linux'
	@echo '  make vanilla       the base kernel of the same configuration, to compare with'
	@echo '  make tree          a git work tree of it, a commit a patch, in $(BUILD)/tree'
	@echo '  make refresh       the commits of $(BUILD)/tree back into this repository'
	@echo '  make series        patches for git am, with cover letter, in $(BUILD)/series'
	@echo '  make series-check  each of them applied, built and checked'
	@echo '  make off-check     with our options off, objects are as vanilla'
	@echo "  make deb           installable packages: of the tools, and of the kernel configured as"
	@echo "                     Debian's for virtual machines; CONFIG=debian as that for all hard-"
	@echo '                     ware, CONFIG=FILE by a file, CONFIG=small as that of make vm'
	@echo '  make vm            a Debian 12 with these packages, booted in QEMU; on a terminal a login'
	@echo "  make userland      tests of Debian's user space in it; TESTS=\"logins choom\" picks some,"
	@echo '                     LONG=1 adds those that take long, KERNEL=vanilla runs the base kernel'
	@echo '  make coverage      lines and branches of our files that the tests run'
	@echo '  make configs       our code with options off one by one, for other architectures,'
	@echo '                     by clang; CONFIGS="no-smp arm64" picks some'
	@echo "  make analyze       Coccinelle's rules of the kernel, gcc -fanalyzer on the tools"
	@echo '  make clean         remove $(BUILD)'
	@echo
	@echo 'KSRC=DIR   a Linux 6.12.y tree in place of Debian'"'"'s linux-source-6.12'
	@echo 'BUILD=DIR  where everything is made; JOBS=N parallel compilations'

setup-%:
	@$(S)/setup.sh $*

apply: setup-run
	@$(S)/base.sh
	@$(S)/apply.sh

# It has what Debian's user space needs, so that make vm boots it, too.
release: apply
	@$(S)/kernel.sh release base debian peios

debug: apply
	@$(S)/kernel.sh debug base peios debug

kcsan: apply
	@$(S)/kernel.sh kcsan base peios kcsan

# The base kernel of the same configuration, to compare with.
vanilla: apply
	@TREE=$$(. $(S)/lib.sh && echo "$$BASE") $(S)/kernel.sh vanilla base debian

initramfs: release
	@$(S)/initramfs.sh

run: initramfs
	@$(S)/run.sh

# A part of the tests that needs one kernel builds only that.
KERNELS ?= $(if $(filter release debug,$(SUITE)),$(SUITE),release debug)
export KERNELS

check: setup-check $(if $(filter kselftest i386,$(SUITE)),setup-$(SUITE)) $(KERNELS) initramfs
	@$(S)/check.sh $(SUITE)

kselftest: setup-kselftest vanilla initramfs
	@$(S)/kselftest.sh full

load: setup-check initramfs
	@$(S)/load.sh

SOAK_KERNELS ?= debug kcsan
export SOAK_KERNELS TIME

soak: setup-soak $(SOAK_KERNELS) initramfs
	@$(S)/soak.sh

kunit: setup-kunit apply
	@$(S)/kunit.sh

warning: setup-check initramfs
	@$(S)/warning.sh $(LOADS)

lint: setup-lint apply
	@$(S)/lint.sh

# The table that has budgets, then what is only shown.
bench: vanilla release initramfs
	@rc=0; $(S)/bench.sh || rc=1; \
	for part in bench-sizes select-plot bench-smp; do \
		echo; $(S)/$$part.sh || rc=1; \
	done; exit $$rc

select: vanilla release initramfs
	@$(S)/select-exact.sh
	@$(S)/select-cost.sh
	@$(S)/select-plot.sh

reap-bench: vanilla release initramfs
	@$(S)/reap-bench.sh

tree: apply
	@$(S)/tree.sh

refresh:
	@$(S)/refresh.sh

series: tree
	@$(S)/series.sh

series-check: setup-lint release series
	@$(S)/series-check.sh

off-check: apply
	@$(S)/off-check.sh

deb: setup-deb apply $(if $(filter small,$(CONFIG)),release)
	@$(S)/deb.sh

vm: setup-vm release
	@CONFIG=small $(S)/vm.sh

export TESTS LONG

userland: setup-vm release $(if $(filter vanilla,$(KERNEL)),vanilla)
	@ALL=1 $(S)/check.sh userland

coverage: setup-check initramfs
	@$(S)/coverage.sh $(SUITE)

configs: setup-configs release vanilla
	@$(S)/configs.sh $(CONFIGS)

analyze: setup-analyze apply
	@$(S)/analyze.sh

clean:
	rm -rf $(BUILD)
