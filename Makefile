# ALO, a friend presence server. `make help` lists the targets; `make start.server` builds and runs it.
#
# One Makefile, no recursion. Every variant of the build has its own folder of objects, .build/<variant>/:
#
#   release  what is shipped: gcc -O2, jemalloc; its program is .bin/alo
#   debug    for valgrind: -O1, glibc's malloc, and the client requests that helgrind needs (ALO_VALGRIND)
#   asan     clang, AddressSanitizer and UndefinedBehaviorSanitizer
#   tsan     clang, ThreadSanitizer
#   fuzz     clang, libFuzzer over both sanitizers of asan
#   lint     clang's warnings and its thread-safety analysis; nothing of it is run
#
# Source files are found by wildcard, so a new file needs no change here. What a target needs from the system is
# installed by scripts/install-deps when it is missing (INSTALL_DEPS=no leaves that to you).

VERSION := 0.1.0

prefix ?= /usr/local
bindir ?= $(prefix)/bin
datadir ?= $(prefix)/share
includedir ?= $(prefix)/include
libdir ?= $(prefix)/lib
pkgconfigdir ?= $(libdir)/pkgconfig
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/alo
completiondir ?= $(datadir)/bash-completion/completions
unitdir ?= $(prefix)/lib/systemd/system
sysconfdir ?= /etc

# Seconds that `make check-systemd` may take; it takes one or two minutes, the first time some more, and several times that on a busy machine.
SYSTEMD_SECONDS ?= 1800

# Seconds that `make fuzz` gives each fuzz target.
FUZZ_SECONDS ?= 20
# Seconds that `make torture` takes, about; a busy machine needs some more to end it.
TORTURE_SECONDS ?= 240
# What docker.build calls the image, and the Debian image that it starts from.
IMAGE ?= alo
DOCKER_BASE ?= debian:12-slim
# Added to `docker build`, such as --network=host.
DOCKER_BUILD_FLAGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
# As many jobs as there are CPUs, unless told otherwise.
MAKEFLAGS += --no-builtin-rules -j$(shell nproc)

# `make V=1` shows whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(2)')

# ---- What there is -------------------------------------------------------------------------------------------

sources := $(wildcard src/*/*.c src/*/*/*.c)
core_sources := $(filter-out src/client/%,$(sources)) $(filter-out src/main.c,$(wildcard src/*.c))
# libalo, and the parts of base that it is built with. What belongs to alo-client alone is src/client/interactive*.
library_sources := $(filter-out src/client/interactive%,$(wildcard src/client/*.c))
library_headers := $(wildcard include/alo/*.h)
library_base_sources := $(addprefix src/base/,assert.c buffer.c hash.c)
# System tests talk to a server program. Unit tests hold the server's own parts, so of what system tests share they get only
# what has no name in common with those.
system_support_sources := $(wildcard tests/support/*.c)
unit_support_sources := $(addprefix tests/support/,unit.c dice.c faults.c http.c manager.c pace.c) $(wildcard tests/support/unit/*.c)
support_sources := $(wildcard tests/support/*.c tests/support/*/*.c)
unit_sources := $(wildcard tests/unit/test_*.c tests/unit/*/test_*.c tests/unit/*/*/test_*.c)
system_sources := $(wildcard tests/system/test_*.c)
fuzz_sources := $(wildcard tests/fuzz/fuzz_*.c)
# The program that tortures the server is made of all but the library that moves the server's clock.
torture_sources := $(filter-out %/clock_shift.c,$(wildcard tests/torture/*.c))
bench_sources := $(wildcard bench/*.c)
# What micro benchmarks share is linked into nothing else.
bench_micro_sources := $(wildcard bench/parts/*.c)
bench_support_sources := $(filter-out $(bench_micro_sources),$(wildcard bench/*/*.c))

# alo-client. Its parts but for main are a library, so that unit tests can have them; it stands on libalo and on nothing else.
interactive_sources := $(wildcard src/client/interactive_*.c)

# Programs of the tests, as paths below .build/<variant>/.
unit_programs := $(unit_sources:.c=)
interactive_unit_programs := $(filter tests/unit/client/test_interactive_%,$(unit_programs))
bench_unit_programs := $(filter tests/unit/bench/test_%,$(unit_programs))
server_unit_programs := $(filter-out $(interactive_unit_programs) $(bench_unit_programs),$(unit_programs))
system_programs := $(system_sources:.c=)
fuzz_programs := $(addprefix .build/fuzz/,$(fuzz_sources:.c=))
bench_programs := $(bench_sources:bench/%.c=.bin/%)
micro_programs := $(filter .bin/micro_%,$(bench_programs))
all_sources := $(sources) $(wildcard src/*.c) $(support_sources) $(unit_sources) $(wildcard tests/system/*.c) $(wildcard tests/torture/*.c) $(fuzz_sources) $(bench_sources) \
    $(bench_support_sources) $(bench_micro_sources)

# ---- Flags ---------------------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wno-sign-conversion -Wcast-qual \
    -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wimplicit-fallthrough -Wpointer-arith -Werror
INCLUDES := -Isrc -Iinclude -I.build/include
BASE_FLAGS := -std=c17 -D_GNU_SOURCE $(INCLUDES) $(WARNINGS) -pthread -fPIE -fno-omit-frame-pointer
# Paths of this machine stay out of the binaries. Quoted, and apart from the flags that are words: the path may have spaces.
PREFIX_MAP := '-ffile-prefix-map=$(CURDIR)=.'
# x86's shadow stack: the objects say that they are fit for it, which costs no instruction. Marks for indirect jumps (full) would cost a notification
# 13 of 730, and Linux does not use them. It goes by the machine and not by what the compiler takes: on a fresh one there is no compiler yet.
SHADOW_STACK_x86_64 := -fcf-protection=return
HARDENING := -fstack-protector-strong -fstack-clash-protection $(SHADOW_STACK_$(shell uname -m))
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
BASE_LINK := -pthread -pie -Wl,-z,relro,-z,now,-z,noexecstack
SANITIZE_ADDRESS := -fsanitize=address,undefined -fno-sanitize-recover=all

# The compilers may be replaced on the command line (GCC=gcc-13), so may what is added to all flags (CFLAGS, LDFLAGS).
GCC ?= gcc
CLANG ?= clang
CFLAGS ?=
LDFLAGS ?=

release_compiler := $(GCC)
release_flags := -O2 -g $(HARDENING) $(FORTIFY)
release_link :=
release_deps := deps.build
debug_compiler := $(GCC)
debug_flags := -O1 -g -DALO_VALGRIND $(HARDENING) $(FORTIFY)
debug_link :=
debug_deps := deps.race
asan_compiler := $(CLANG)
asan_flags := -O1 -g $(SANITIZE_ADDRESS)
asan_link := $(SANITIZE_ADDRESS)
asan_deps := deps.race
tsan_compiler := $(CLANG)
tsan_flags := -O1 -g -fsanitize=thread
tsan_link := -fsanitize=thread
tsan_deps := deps.race
fuzz_compiler := $(CLANG)
fuzz_flags := -O1 -g -fsanitize=fuzzer-no-link $(SANITIZE_ADDRESS)
fuzz_link := -fsanitize=fuzzer $(SANITIZE_ADDRESS)
fuzz_deps := deps.fuzz
lint_compiler := $(CLANG)
lint_flags := -O1
lint_src_flags := -Wthread-safety
lint_link :=
lint_deps := deps.lint
variants := release debug asan tsan fuzz lint

# libalo is for other programs: nothing in it has a name outside but what include/alo/ declares, and no path of its own is fixed.
LIBRARY_FLAGS := -fPIC -fvisibility=hidden
library_soname := libalo.so.$(firstword $(subst ., ,$(VERSION)))
LIBRARY_LINK := -shared -Wl,-soname,$(library_soname) -Wl,-z,relro,-z,now,-z,noexecstack,-z,defs

# Only the server speaks to the service manager and to operators; what else is linked with its parts does not need those libraries.
LIBRARIES := -ljansson -Wl,--push-state,--as-needed -lsystemd -lmicrohttpd -luring -Wl,--pop-state
CLIENT_LIBRARIES := -ledit
# Only what is shipped has it: tools that replace malloc themselves would not see through it.
ALLOCATOR := -Wl,--no-as-needed -ljemalloc
# Asked for when a test program is linked, because on a fresh machine pkg-config comes with the packages.
check_libraries = $$(pkg-config --libs check)
# tests/support/faults.h makes these fail on demand.
comma := ,
WRAPS := $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc accept4 epoll_ctl sendmmsg pthread_create mutex_lock clock_realtime_ms \
    io_uring_queue_init io_uring_submit_and_wait)

# ---- Targets -------------------------------------------------------------------------------------------------

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: .bin/alo .bin/alo-client .bin/alo-bench .bin/libalo.a .bin/libalo.so ## Build .bin/alo, .bin/alo-client, .bin/alo-bench and libalo, installing what building needs

.PHONY: start.server
start.server: .bin/alo | deps.run ## Build and run the server in the foreground ($SERVER_PORT, $VERBOSE; Ctrl-C stops it)
	@.bin/alo

.PHONY: start.client
start.client: .bin/alo-client ## Build and run the client at this terminal; CLIENT_FLAGS holds flags and the server's address
	@.bin/alo-client $(CLIENT_FLAGS)

.PHONY: check tests
check: $(addprefix .build/release/,$(unit_programs) $(system_programs)) .bin/alo .bin/alo-client .bin/alo-bench .bin/libalo.a .bin/libalo.so $(micro_programs) ## Build and run unit and system tests; the last line is the total
	@scripts/run-tests $(addprefix .build/release/,$(unit_programs) $(system_programs))
tests: check ## The same as check

.PHONY: unit system
unit: $(addprefix .build/release/,$(unit_programs)) ## Build and run the unit tests only
	@scripts/run-tests $^
system: $(addprefix .build/release/,$(system_programs)) .bin/alo .bin/alo-client .bin/alo-bench .bin/libalo.a .bin/libalo.so $(micro_programs) ## Build and run the system tests only
	@scripts/run-tests $(addprefix .build/release/,$(system_programs))

# What each part of `make race` runs: not the system tests whose subject is another program than the server. The valgrind parts are slow, so
# they can be given fewer, and are not given the system tests whose subject is how a server is started, or what a listener or the log is. helgrind
# runs the unit tests that start threads, and not the system tests whose subject is one client's bytes or who waits for whom.
OTHER_SYSTEM_TESTS := $(addprefix tests/system/test_,bench bench_ends bench_scenarios bench_scripts by_hand example hardening interop micro script terminal)
RACE_UNIT_TESTS ?= $(unit_programs)
RACE_SYSTEM_TESTS ?= $(filter-out $(OTHER_SYSTEM_TESTS),$(system_programs))
HELGRIND_UNIT_TESTS ?= $(patsubst %.c,%,$(shell grep -lE 'pthread_create|log_start' $(unit_sources) /dev/null))
HELGRIND_SYSTEM_TESTS ?= $(filter-out $(addprefix tests/system/test_,errors fairness framing jsonrpc_errors library limits listening), \
    $(MEMCHECK_SYSTEM_TESTS))
MEMCHECK_SYSTEM_TESTS ?= $(filter-out $(addprefix tests/system/test_,config inherited inherited_refused log_injection proxy reload systemd unix),$(RACE_SYSTEM_TESTS))

# $(call race_programs,variant,unit tests,system tests): the server and the unit tests are of the variant, system tests are not.
race_programs = .build/$(1)/alo $(addprefix .build/$(1)/,$(2)) $(addprefix .build/release/,$(3))
# $(call race_run,tool,variant,unit tests,system tests)
race_run = UNIT_TESTS='$(addprefix .build/$(2)/,$(3))' SYSTEM_TESTS='$(addprefix .build/release/,$(4))' scripts/race $(1)

race_tsan = $(call race_run,tsan,tsan,$(RACE_UNIT_TESTS),$(RACE_SYSTEM_TESTS))
race_asan = $(call race_run,asan,asan,$(unit_programs),$(RACE_SYSTEM_TESTS))
race_helgrind = $(call race_run,helgrind,debug,$(HELGRIND_UNIT_TESTS),$(HELGRIND_SYSTEM_TESTS))
race_memcheck = $(call race_run,memcheck,debug,,$(MEMCHECK_SYSTEM_TESTS))

race_tsan_needs := $(call race_programs,tsan,$(RACE_UNIT_TESTS),$(RACE_SYSTEM_TESTS))
race_asan_needs := $(call race_programs,asan,$(unit_programs),$(RACE_SYSTEM_TESTS))
race_helgrind_needs := $(call race_programs,debug,$(HELGRIND_UNIT_TESTS),$(HELGRIND_SYSTEM_TESTS))
race_memcheck_needs := $(call race_programs,debug,,$(MEMCHECK_SYSTEM_TESTS))

.PHONY: race race-tsan race-asan race-helgrind race-memcheck
race: $(race_tsan_needs) $(race_asan_needs) $(race_helgrind_needs) $(race_memcheck_needs) ## Run the tests under all four tools that follow
	@failed=; \
	$(race_tsan) || failed="$$failed tsan"; \
	$(race_asan) || failed="$$failed asan"; \
	$(race_helgrind) || failed="$$failed helgrind"; \
	$(race_memcheck) || failed="$$failed memcheck"; \
	echo "race: findings in:$${failed:- nothing}"; test -z "$$failed"
race-tsan: $(race_tsan_needs) ## ThreadSanitizer only
	@$(race_tsan)
race-asan: $(race_asan_needs) ## AddressSanitizer and UndefinedBehaviorSanitizer only
	@$(race_asan)
race-helgrind: $(race_helgrind_needs) ## helgrind only
	@$(race_helgrind)
race-memcheck: $(race_memcheck_needs) ## memcheck only
	@$(race_memcheck)

.PHONY: fuzz
fuzz: $(fuzz_programs) ## Run each fuzz target for FUZZ_SECONDS (20)
	@scripts/run-fuzz $(FUZZ_SECONDS) $^

.PHONY: torture
torture: .build/release/tests/torture/torture .build/release/tests/torture/clock_shift.so .bin/alo ## Do all kinds of harm to a server whose normal users must notice nothing, for TORTURE_SECONDS (240)
	@TORTURE_SECONDS=$(TORTURE_SECONDS) $<

.PHONY: lint format
lint: .bin/alo .bin/alo-client .bin/alo-bench .bin/libalo.so .bin/libalo.a $(foreach variant,release lint,$(all_sources:%.c=.build/$(variant)/%.o)) ## Run every checker; fails on any finding
	@LINT_FLAGS='$(filter-out -Werror,$(BASE_FLAGS))' scripts/lint
format: | deps.lint ## Rewrite the C files in the style of .clang-format
	@find $(wildcard src include tests bench) -name '*.[ch]' | xargs clang-format -i

installed_assets := $(addprefix .build/assets/,alo.8 alo.bash alo-client.1 alo-client.bash alo-bench.1 alo.service alo.socket alo.conf)

.PHONY: assets
assets: $(installed_assets) ## Make the man pages, completions, units and the README's table of options
	@if [ -e README.md ]; then scripts/readme-options update; fi
.build/assets/alo.8: .bin/alo
	@mkdir -p $(@D)
	$(Q).bin/alo man >$@
.build/assets/alo.bash: .bin/alo
	@mkdir -p $(@D)
	$(Q).bin/alo completion >$@
.build/assets/alo-client.1: .bin/alo-client
	@mkdir -p $(@D)
	$(Q).bin/alo-client man >$@
.build/assets/alo-client.bash: .bin/alo-client
	@mkdir -p $(@D)
	$(Q).bin/alo-client completion >$@

.build/assets/alo-bench.1: scripts/bench-man .bin/alo-bench
	@mkdir -p $(@D)
	$(Q)scripts/bench-man .bin/alo-bench >$@
.build/assets/alo.conf: scripts/default-config .bin/alo
	@mkdir -p $(@D)
	$(Q)scripts/default-config .bin/alo >$@
.build/assets/folders: kept = s,@bindir@,$(bindir), s,@sysconfdir@,$(sysconfdir),
.build/assets/folders: FORCE
	$(keep)
.build/assets/alo.service: scripts/alo.service .build/assets/folders
	$(Q)sed -e 's,@bindir@,$(bindir),' -e 's,@sysconfdir@,$(sysconfdir),' $< >$@
.build/assets/alo.socket: scripts/alo.socket
	@mkdir -p $(@D)
	$(Q)cp $< $@

.PHONY: install install-programs install-libalo uninstall
install: install-programs install-libalo ## Install below DESTDIR and prefix (/usr/local)
install-programs: .bin/alo .bin/alo-client .bin/alo-bench $(installed_assets)
	install -D -m 755 -t $(DESTDIR)$(bindir) .bin/alo .bin/alo-client .bin/alo-bench
	install -D -m 644 -t $(DESTDIR)$(unitdir) .build/assets/alo.service .build/assets/alo.socket
	[ -e $(DESTDIR)$(sysconfdir)/alo.conf ] || install -D -m 644 .build/assets/alo.conf $(DESTDIR)$(sysconfdir)/alo.conf
	install -D -m 644 .build/assets/alo-bench.1 $(DESTDIR)$(mandir)/man1/alo-bench.1
	install -D -m 644 .build/assets/alo.8 $(DESTDIR)$(mandir)/man8/alo.8
	install -D -m 644 .build/assets/alo-client.1 $(DESTDIR)$(mandir)/man1/alo-client.1
	install -D -m 644 .build/assets/alo.bash $(DESTDIR)$(completiondir)/alo
	install -D -m 644 .build/assets/alo-client.bash $(DESTDIR)$(completiondir)/alo-client
	install -D -m 644 -t $(DESTDIR)$(docdir) LICENSE README.md
install-libalo: .bin/libalo.a .bin/libalo.so ## The client library only: headers, libalo.a, libalo.so, alo.pc
	install -D -m 644 -t $(DESTDIR)$(includedir)/alo $(library_headers)
	install -D -m 644 -t $(DESTDIR)$(libdir) .bin/libalo.a
	install -D -m 755 .bin/libalo.so $(DESTDIR)$(libdir)/libalo.so.$(VERSION)
	ln -sf libalo.so.$(VERSION) $(DESTDIR)$(libdir)/$(library_soname)
	ln -sf $(library_soname) $(DESTDIR)$(libdir)/libalo.so
	mkdir -p $(DESTDIR)$(pkgconfigdir)
	printf '%s\n' $(pkgconfig_lines) >$(DESTDIR)$(pkgconfigdir)/alo.pc
uninstall: .build/assets/alo.conf ## Remove what install put there, but for a configuration file that was edited
	! cmp -s .build/assets/alo.conf $(DESTDIR)$(sysconfdir)/alo.conf || rm -f $(DESTDIR)$(sysconfdir)/alo.conf
	rm -f $(addprefix $(DESTDIR)$(unitdir)/,alo.service alo.socket) $(DESTDIR)$(bindir)/alo-bench $(DESTDIR)$(mandir)/man1/alo-bench.1
	rm -f $(DESTDIR)$(bindir)/alo $(DESTDIR)$(mandir)/man8/alo.8 $(DESTDIR)$(completiondir)/alo
	rm -f $(addprefix $(DESTDIR)$(libdir)/,libalo.a libalo.so $(library_soname) libalo.so.$(VERSION)) $(DESTDIR)$(pkgconfigdir)/alo.pc
	rm -f $(addprefix $(DESTDIR)$(includedir)/alo/,$(notdir $(library_headers)))
	[ ! -d $(DESTDIR)$(includedir)/alo ] || rmdir $(DESTDIR)$(includedir)/alo
	rm -f $(DESTDIR)$(bindir)/alo-client $(DESTDIR)$(mandir)/man1/alo-client.1 $(DESTDIR)$(completiondir)/alo-client
	rm -f $(DESTDIR)$(docdir)/LICENSE $(DESTDIR)$(docdir)/README.md
	[ ! -d $(DESTDIR)$(docdir) ] || rmdir $(DESTDIR)$(docdir)

# The pkg-config file, a word of the shell for each line.
pkgconfig_lines = 'prefix=$(prefix)' 'includedir=$(includedir)' 'libdir=$(libdir)' '' 'Name: alo' \
    'Description: Client library of the ALO friend presence server' 'Version: $(VERSION)' 'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lalo'

.PHONY: deb check-systemd
deb: .bin/alo .bin/alo-client .bin/alo-bench | deps.deb ## Make the Debian package .build/deb/alo_VERSION_ARCHITECTURE.deb
	@VERSION='$(VERSION)' scripts/make-deb
# Made with `make deb`, as an operator would; the hold on a worker is a program of the tests. Where it may fail for want of what it needs, what installs that may too.
check-systemd: deb .build/release/tests/system/hold_thread | $(if $(MAY_FAIL),,deps.systemd) ## Install and drive the package under a real systemd in a container (root only; MAY_FAIL=yes: not everywhere)
	$(if $(MAY_FAIL),$(if $(filter no,$(INSTALL_DEPS)),,-@scripts/install-deps systemd))
	@timeout --foreground --kill-after=60 $(SYSTEMD_SECONDS) scripts/check-systemd $(if $(MAY_FAIL),--unless-impossible) .build/deb/alo_$(VERSION)_*.deb

.PHONY: bench
bench: $(bench_programs) .bin/alo ## Build the benchmark programs into .bin/

.PHONY: tools
tools: ## Install everything that development needs
	@scripts/install-deps all

.PHONY: clean
clean: ## Remove all that was built
	@rm -rf .build .bin

compose = docker compose --project-name alo --file scripts/compose.yaml
needs_compose = @docker compose version >/dev/null 2>&1 || { echo 'This needs docker with its compose plugin.' >&2; exit 1; }

.PHONY: docker.build docker.start docker.stop docker.logs docker.client docker.lint
docker.build: ## Build the container image
	docker build $(DOCKER_BUILD_FLAGS) --build-arg BASE=$(DOCKER_BASE) --build-arg COMMIT=$$(git describe --always --dirty --exclude '*') -t $(IMAGE) .
docker.start: ## Start the server in a container, on $SERVER_PORT (8080) of this machine
	$(needs_compose)
	IMAGE=$(IMAGE) $(compose) up --detach --wait
docker.stop: ## Stop the container and remove it
	$(needs_compose)
	IMAGE=$(IMAGE) $(compose) down
docker.logs: ## Follow the container's log
	$(needs_compose)
	IMAGE=$(IMAGE) $(compose) logs --follow
docker.client: ## Talk to the container's server by hand, as with telnet
	$(needs_compose)
	IMAGE=$(IMAGE) $(compose) exec alo alo-talk
docker.lint: ## Check the Dockerfile
	@scripts/docker-lint

# ---- How things are built --------------------------------------------------------------------------------------

# With `make -j clean build` everything waits for clean.
after_clean := $(filter clean,$(MAKECMDGOALS))

deps_targets := $(addprefix deps.,run build test race lint fuzz deb systemd)
.PHONY: $(deps_targets)
$(deps_targets): deps.%: | $(after_clean)
	$(if $(filter no,$(INSTALL_DEPS)),,@scripts/install-deps $*)
# One after the other: what is missing and cannot be installed is said once.
$(filter-out deps.build,$(deps_targets)): | deps.build

.PHONY: FORCE
FORCE: | $(after_clean)

# The target holds $(kept); it is written only when that changed, so that what depends on it is made only then.
keep = @mkdir -p $(@D); printf '%s\n' '$(kept)' | cmp -s - $@ || printf '%s\n' '$(kept)' >$@

# The commit is in a generated header that one small file includes, and in one that alo-client's texts include.
.build/include/service/version_generated.h .build/include/client/version_generated.h: FORCE
	@scripts/version-header '$(VERSION)' '$(COMMIT)' $@

# $(call variant_rules,name)
define variant_rules
.build/$(1)/compile.flags: kept = $($(1)_compiler) $(BASE_FLAGS) $($(1)_flags) $($(1)_src_flags) $(CFLAGS)
.build/$(1)/link.flags: kept = $($(1)_compiler) $(BASE_LINK) $($(1)_link) $(LDFLAGS) $(WRAPS) $(LIBRARIES) $(ALLOCATOR)
# A source file that went away must leave the library too, hence the list of its members.
.build/$(1)/core.members: kept = $(core_sources)
.build/$(1)/client.members: kept = $(library_sources) $(interactive_sources)
.build/$(1)/compile.flags .build/$(1)/link.flags .build/$(1)/core.members .build/$(1)/client.members: FORCE
	$$(keep)

.build/$(1)/src/%.o: src/%.c .build/$(1)/compile.flags | $($(1)_deps)
	$$(call say,CC,$(1) $$<)
	@mkdir -p $$(@D)
	$(Q)$($(1)_compiler) $(BASE_FLAGS) $($(1)_flags) $($(1)_src_flags) $(CFLAGS) $(PREFIX_MAP) -MMD -MP -c $$< -o $$@
.build/$(1)/tests/%.o: tests/%.c .build/$(1)/compile.flags | $($(1)_deps) deps.test
	$$(call say,CC,$(1) $$<)
	@mkdir -p $$(@D)
	$(Q)$($(1)_compiler) $(BASE_FLAGS) -Itests -Ibench $($(1)_flags) $(CFLAGS) $(PREFIX_MAP) -MMD -MP -c $$< -o $$@
.build/$(1)/bench/%.o: bench/%.c .build/$(1)/compile.flags | $($(1)_deps)
	$$(call say,CC,$(1) $$<)
	@mkdir -p $$(@D)
	$(Q)$($(1)_compiler) $(BASE_FLAGS) -Ibench $($(1)_flags) $(CFLAGS) $(PREFIX_MAP) -MMD -MP -c $$< -o $$@
.build/$(1)/src/service/version.o: .build/include/service/version_generated.h
.build/$(1)/src/client/interactive_text.o: .build/include/client/version_generated.h

.build/$(1)/libalo-core.a: $(core_sources:%.c=.build/$(1)/%.o) .build/$(1)/core.members
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && ar rcsD $$@ $$(filter %.o,$$^)

# libalo's own objects, for tests and programs of this tree; base is in the core.
.build/$(1)/libalo-client.a: $(library_sources:%.c=.build/$(1)/%.o) .build/$(1)/client.members
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && ar rcsD $$@ $$(filter %.o,$$^)

.build/$(1)/libalo-interactive.a: $(interactive_sources:%.c=.build/$(1)/%.o) .build/$(1)/client.members
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && ar rcsD $$@ $$(filter %.o,$$^)

.build/$(1)/alo-client: .build/$(1)/src/client/interactive.o .build/$(1)/libalo-interactive.a .build/$(1)/libalo-client.a \
    $(library_base_sources:%.c=.build/$(1)/%.o) .build/$(1)/link.flags
	$$(call say,LINK,$$@)
	$(Q)$($(1)_compiler) $(BASE_LINK) $($(1)_link) $(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) $(CLIENT_LIBRARIES)

.build/$(1)/alo: .build/$(1)/src/main.o .build/$(1)/libalo-core.a .build/$(1)/link.flags
	$$(call say,LINK,$$@)
	$(Q)$($(1)_compiler) $(BASE_LINK) $($(1)_link) $(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) $(LIBRARIES)

$(addprefix .build/$(1)/,$(server_unit_programs)): $(unit_support_sources:%.c=.build/$(1)/%.o)
$(addprefix .build/$(1)/,$(system_programs)): $(system_support_sources:%.c=.build/$(1)/%.o)
$(addprefix .build/$(1)/,$(interactive_unit_programs)): %: %.o .build/$(1)/tests/support/unit.o .build/$(1)/libalo-interactive.a .build/$(1)/link.flags
	$$(call say,LINK,$$@)
	$(Q)$($(1)_compiler) $(BASE_LINK) $($(1)_link) $(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) $$(check_libraries) $(CLIENT_LIBRARIES)
$(addprefix .build/$(1)/,$(bench_unit_programs)): %: %.o $(addprefix .build/$(1)/tests/support/,unit.o xml.o) $(bench_support_sources:%.c=.build/$(1)/%.o) \
    .build/$(1)/libalo-client.a .build/$(1)/libalo-core.a .build/$(1)/link.flags
	$$(call say,LINK,$$@)
	$(Q)$($(1)_compiler) $(BASE_LINK) $($(1)_link) $(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) $$(check_libraries) $(LIBRARIES) -lm
$(addprefix .build/$(1)/,$(server_unit_programs) $(system_programs)): %: %.o .build/$(1)/libalo-client.a .build/$(1)/libalo-core.a .build/$(1)/link.flags
	$$(call say,LINK,$$@)
	$(Q)$($(1)_compiler) $(BASE_LINK) $($(1)_link) $(WRAPS) $(LDFLAGS) -o $$@ $$(filter %.o,$$^) $$(filter %.a,$$^) $$(check_libraries) $(LIBRARIES)

-include $(all_sources:%.c=.build/$(1)/%.d)
endef
$(foreach variant,$(variants),$(eval $(call variant_rules,$(variant))))

.bin/alo: .build/release/src/main.o .build/release/libalo-core.a .build/release/link.flags
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(release_compiler) $(BASE_LINK) $(release_link) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBRARIES) $(ALLOCATOR)

# The library as it is shipped. The static one is a single object in which all but the public names are made local, so that it has no name in
# common with the program that it is linked into.
.build/library/compile.flags: kept = $(GCC) $(BASE_FLAGS) $(release_flags) $(LIBRARY_FLAGS) $(CFLAGS)
.build/library/link.flags: kept = $(GCC) $(LIBRARY_LINK) $(LDFLAGS)
.build/library/members: kept = $(library_sources) $(library_base_sources)
.build/library/compile.flags .build/library/link.flags .build/library/members: FORCE
	$(keep)
.build/library/%.o: %.c .build/library/compile.flags | deps.build
	$(call say,CC,library $<)
	@mkdir -p $(@D)
	$(Q)$(GCC) $(BASE_FLAGS) $(release_flags) $(LIBRARY_FLAGS) $(CFLAGS) $(PREFIX_MAP) -MMD -MP -c $< -o $@
library_objects := $(addprefix .build/library/,$(patsubst %.c,%.o,$(library_sources) $(library_base_sources)))
.build/library/libalo.o: $(library_objects) .build/library/members
	$(Q)$(GCC) -r -nostdlib -o $@ $(filter %.o,$^) && objcopy --localize-hidden $@
.bin/libalo.a: .build/library/libalo.o
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcsD $@ $<
.bin/libalo.so: $(library_objects) .build/library/members .build/library/link.flags
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(GCC) $(LIBRARY_LINK) $(LDFLAGS) -o $@ $(filter %.o,$^)
-include $(library_objects:.o=.d)
.bin/alo-client: .build/release/alo-client
	@mkdir -p $(@D)
	$(Q)cp $< $@

# The client of tests/interop/ whose library comes from npm, as the lock file says; those of the others are Debian's (scripts/packages.txt).
.build/interop/installed: tests/interop/package.json tests/interop/package-lock.json | deps.test
	$(if $(filter no,$(INSTALL_DEPS)),,@tests/interop/install $(@D))
.build/release/tests/system/test_interop: | .build/interop/installed

.build/release/tests/system/hold_thread: %: %.o .build/release/tests/support/hold.o .build/release/link.flags
	$(call say,LINK,$@)
	$(Q)$(release_compiler) $(BASE_LINK) $(release_link) $(LDFLAGS) -o $@ $(filter %.o,$^)

.build/release/tests/torture/torture: $(torture_sources:%.c=.build/release/%.o) $(system_support_sources:%.c=.build/release/%.o) \
    .build/release/libalo-client.a .build/release/libalo-core.a .build/release/link.flags
	$(call say,LINK,$@)
	$(Q)$(release_compiler) $(BASE_LINK) $(release_link) $(WRAPS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(check_libraries) $(LIBRARIES)
.build/release/tests/torture/clock_shift.so: tests/torture/clock_shift.c .build/release/compile.flags | deps.test
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(release_compiler) $(BASE_FLAGS) $(release_flags) -fPIC -shared $(CFLAGS) $(PREFIX_MAP) $< -o $@

$(fuzz_programs): %: %.o .build/fuzz/libalo-client.a .build/fuzz/libalo-core.a .build/fuzz/link.flags
	$(call say,LINK,$@)
	$(Q)$(fuzz_compiler) $(BASE_LINK) $(fuzz_link) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBRARIES)

# Micro benchmarks measure the server's parts, so they have its allocator.
$(micro_programs): BENCH_ALLOCATOR := $(ALLOCATOR)
$(micro_programs): $(bench_micro_sources:%.c=.build/release/%.o)
$(bench_programs): .bin/%: .build/release/bench/%.o $(bench_support_sources:%.c=.build/release/%.o) \
    .build/release/libalo-client.a .build/release/libalo-core.a .build/release/link.flags
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(release_compiler) $(BASE_LINK) $(release_link) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBRARIES) $(BENCH_ALLOCATOR) -lm
