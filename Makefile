# Build, test and install acf-train, acf-eval and acf-predict.  `make help` lists the targets.
#
# Objects live in build/<hash of compiler and flags>/, so that plain, sanitizer and coverage builds
# never mix and never need `clean`.  The tree is built twice: f32 for use, f64 for gradient checks.

CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
ARCH    ?=
CFLAGS  ?= -O3 -g
LDFLAGS ?= -Wl,-z,relro,-z,now

HARDEN  := -fstack-protector-strong -fPIE $(if $(findstring sanitize,$(CFLAGS)),,-D_FORTIFY_SOURCE=2)
# Whatever LDFLAGS say.
BOUND   := -Wl,-z,relro,-z,now
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wstrict-prototypes \
           -Wmissing-prototypes -Wundef -Wvla -Wformat=2 -Wcast-qual -Wwrite-strings \
           -Wswitch-enum -Wno-psabi -Werror
# -Wno-psabi: vectors are passed between inlined functions only.
ifneq ($(findstring clang,$(CC)),)
# Of sanitizers and fuzzing only.  gcc judges constants such as INFINITY by their value; what clang
# vectorizes does not matter.
WARN    += -Wno-double-promotion -Wno-pass-failed -Wno-string-conversion
endif
BASE    := -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -Isrc -fopenmp -fno-math-errno \
           -fno-trapping-math $(WARN) $(HARDEN) $(ARCH)
LIBS    := -lyaml -lutf8proc -lcjson -lnettle -lz -lm -ldl

CONF    := $(shell printf '%s' "$(CC) $(CFLAGS) $(LDFLAGS) $(ARCH)" | cksum | cut -d' ' -f1)
B       := build/$(CONF)
Q       := $(if $(V),,@)

LIB_SRC   := $(filter-out src/cli/%,$(wildcard src/*/*.c))
CLI_SRC   := $(wildcard src/cli/acf_*.c)
CLI_SHARE := $(filter-out $(CLI_SRC),$(wildcard src/cli/*.c))
PROGRAMS  := $(patsubst src/cli/acf_%.c,acf-%,$(CLI_SRC))
SUPPORT   := $(wildcard tests/support/*.c)

TESTS_F32 := $(patsubst tests/%.c,$(B)/f32/tests/%,$(wildcard tests/unit/test_*.c tests/ref/test_*.c tests/golden/test_*.c tests/e2e/test_*.c))
FUZZ      := $(patsubst tests/%.c,$(B)/f32/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
TESTS_F64 := $(patsubst tests/%.c,$(B)/f64/tests/%,$(wildcard tests/grad/test_*.c) tests/golden/test_bert.c tests/golden/test_resnet.c)
SLOW_F32  := $(patsubst tests/%.c,$(B)/f32/tests/%,$(wildcard tests/slow/test_*.c))

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all test test-slow check-unit asan tsan tsan-run valgrind coverage coverage-run fuzz fuzz-run lint format bench bench-kernels demo install clean help

all: $(PROGRAMS)  ## build the three programs (default)

# One object tree: $(1) name, $(2) extra flags.
define TREE
$(B)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  CC   $(1) $$<")
	$$(Q)$$(CC) $$(BASE) $$(CFLAGS) $$(if $$(filter src/num/% tests/bench/peak.c,$$<),-ffp-contract=fast) \
	    $$(if $$(filter src/vendor/%,$$<),-w $(if $(findstring undefined,$(CFLAGS)),-fno-sanitize=undefined)) $(2) -Itests -MMD -MP -MT $$@ -c -o $$@ $$<
$(B)/$(1)/libacf.a: $(LIB_SRC:%.c=$(B)/$(1)/%.o)
	$$(if $$(V),,@echo "  AR   $$@")
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
$(B)/$(1)/tests/%: $(B)/$(1)/tests/%.o $(SUPPORT:%.c=$(B)/$(1)/%.o) \
    $(CLI_SHARE:%.c=$(B)/$(1)/%.o) $(B)/$(1)/libacf.a
	$$(if $$(V),,@echo "  LD   $$@")
	$$(Q)$$(CC) -pie $$(BOUND) $$(CFLAGS) -fopenmp -o $$@ $$^ $$(LDFLAGS) -lcmocka $$(LIBS)
endef
$(eval $(call TREE,f32,))
$(eval $(call TREE,f64,-DACF_REAL_DOUBLE))

$(B)/f32/acf-%: $(B)/f32/src/cli/acf_%.o $(CLI_SHARE:%.c=$(B)/f32/%.o) $(B)/f32/libacf.a
	$(if $(V),,@echo "  LD   $@")
	$(Q)$(CC) -pie $(BOUND) $(CFLAGS) -fopenmp -o $@ $^ $(LDFLAGS) $(LIBS)

# With libFuzzer (make fuzz), else with a main that replays the corpus (make test).
FUZZ_MAIN := $(if $(findstring fuzzer,$(LDFLAGS)),,$(B)/f32/tests/fuzz/replay.o)
$(B)/f32/tests/fuzz/fuzz_%: $(B)/f32/tests/fuzz/fuzz_%.o $(B)/f32/tests/fuzz/frame.o $(FUZZ_MAIN) $(B)/f32/libacf.a
	$(if $(V),,@echo "  LD   $@")
	$(Q)$(CC) -pie $(BOUND) $(CFLAGS) -fopenmp -o $@ $^ $(LDFLAGS) $(LIBS)

# acf-train notes what it was built from; only its own object depends on that.
COMMIT := $(if $(wildcard .git),$(shell git describe --always --dirty --abbrev=12 2>/dev/null))
.PHONY: always
$(B)/commit: always
	@mkdir -p $(@D)
	$(Q)echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' >$@
$(B)/f32/src/cli/acf_train.o: $(B)/commit
$(B)/f32/src/cli/acf_train.o: private CFLAGS += -DACF_COMMIT='"$(COMMIT)"'

# Always re-linked to the current configuration's build: the hash directory may have changed.
.PHONY: $(PROGRAMS)
$(PROGRAMS): acf-%: $(B)/f32/acf-%
	$(Q)cmp -s $< $@ || cp -f $< $@

tests/objective: $(B)/f32/tests/objective
	$(Q)cp -f $< $@
tests/objective-double: $(B)/f64/tests/objective
	$(Q)cp -f $< $@

tests/network: $(B)/f32/tests/network
	$(Q)cp -f $< $@
tests/network-double: $(B)/f64/tests/network
	$(Q)cp -f $< $@

test: all $(TESTS_F32) $(TESTS_F64) $(FUZZ) tests/objective tests/objective-double tests/network tests/network-double  ## build and run every test (about three minutes on two cores)
	$(Q)scripts/run-tests.sh $(TESTS_F32) $(TESTS_F64) $(FUZZ) -- tests/cli

test-slow: all $(SLOW_F32)  ## the tests that take longer
	$(Q)scripts/run-tests.sh $(SLOW_F32) -- tests/slow

asan:  ## every test under AddressSanitizer and UndefinedBehaviorSanitizer
	$(Q)$(MAKE) test CFLAGS="-O1 -g -DACF_DEBUG_FILL -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" LDFLAGS="-fsanitize=address,undefined"

# Where threads share memory: kernels, whole runs, images read ahead.  clang with libomp, which tells
# ThreadSanitizer through Archer what OpenMP orders; gcc's libgomp does not.  OpenBLAS is not
# instrumented: it runs on one thread and is left aside.
ARCHER     ?= /usr/lib/llvm-14/lib/libarcher.so
TSAN_FLAGS := CC=clang-14 CFLAGS="-O1 -g -fsanitize=thread -fno-omit-frame-pointer" LDFLAGS="-fsanitize=thread"
TSAN       := $(filter %/test_act %/test_attn %/test_conv %/test_dropout %/test_embed %/test_gemm_stress %/test_norm %/test_pool2d %/test_vec \
                       %/test_training %/test_step %/test_image_source %/test_optimizer %/test_predict %/test_mem %/test_text_source,$(TESTS_F32))
tsan:  ## threads under ThreadSanitizer
	$(Q)OMP_TOOL_LIBRARIES=$(ARCHER) TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=0" OMP_NUM_THREADS=3 \
	    $(MAKE) $(TSAN_FLAGS) tsan-run
tsan-run: $(TSAN)
	$(Q)scripts/run-tests.sh $^

# valgrind 3.19 knows AVX2 and no AVX-512, and says so by CPUID: kernels choose accordingly.
VALGRIND_FLAGS := --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite
valgrind: $(filter-out $(VALGRIND_SLOW:%=\%/%),$(filter $(B)/f32/tests/unit/%,$(TESTS_F32)) $(FUZZ))  ## the unit tests and the fuzz corpus under valgrind
	$(Q)OMP_NUM_THREADS=1 EXEC_PREFIX="valgrind $(VALGRIND_FLAGS)" scripts/run-tests.sh $^

# Clones for several processors would hide lines from gcov, which counts one of them.
coverage:  ## line and branch coverage of the tests, by folder; FILES=1 by file
	$(Q)$(MAKE) CFLAGS="-O1 -g --coverage -fprofile-update=atomic -DACF_NO_CLONES -Wno-maybe-uninitialized" LDFLAGS=--coverage coverage-run
coverage-run: all $(TESTS_F32) $(FUZZ) tests/objective tests/network
	$(Q)scripts/coverage.sh $(B)/f32 $(filter $(B)/%,$^)

FUZZ_FLAGS := CC=clang-14 CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" LDFLAGS="-fsanitize=fuzzer,address,undefined"
fuzz:  ## libFuzzer on every reader of files; TIME=60 seconds each, TARGETS="config image" some
	$(Q)$(MAKE) $(FUZZ_FLAGS) fuzz-run
fuzz-run: $(FUZZ)
	$(Q)scripts/fuzz.sh "$(or $(TIME),60)" $(filter $(if $(TARGETS),$(TARGETS:%=\%/fuzz_%),%),$^)

lint: $(B)/f32/libacf.a  ## formatting, floors, forbidden calls, static analysis; PARTS="text tidy" for some
	$(Q)LIB=$< CC="$(CC)" FLAGS='$(BASE)' PARTS="$(PARTS)" scripts/lint.sh

format:  ## rewrite all sources with clang-format
	$(Q)clang-format-14 -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]')

# The kernels that tests/bench/time_split.c times.
WRAPPED := $(shell grep '^TIMED' tests/bench/time_split.c | cut -d, -f2) acf_grad_norm
$(B)/f32/tests/bench/bench_step: $(B)/f32/tests/bench/time_split.o $(B)/f32/tests/bench/peak.o
$(B)/f32/tests/bench/bench_num: $(B)/f32/tests/bench/peak.o
$(B)/f32/tests/bench/bench_step: LDFLAGS += $(B)/f32/libacf.a $(WRAPPED:%=-Wl,--wrap=%)

bench: all $(B)/f32/tests/bench/bench_step  ## speed of training and prediction, as CSV; WORKLOADS="resnet20 ..." for some
	$(Q)BENCH=$(B)/f32/tests/bench/bench_step scripts/bench.sh $(WORKLOADS)

bench-kernels: $(filter-out %/bench_step,$(patsubst tests/%.c,$(B)/f32/tests/%,$(wildcard tests/bench/bench_*.c)))  ## time single kernels
	$(Q)for b in $^; do $$b || exit 1; done

demo: all  ## train and evaluate on data that Debian packages hold
	$(Q)scripts/demo-run.sh

install: all  ## copy the programs to PREFIX/bin
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin

clean:  ## remove everything that was built
	rm -rf build $(PROGRAMS) tests/objective tests/objective-double tests/network tests/network-double

help:  ## this list
	@awk -F '## ' '/^[a-z-]+:.*## / {split($$1, t, ":"); printf "  make %-10s %s\n", t[1], $$2}' $(firstword $(MAKEFILE_LIST))

-include $(wildcard $(B)/f32/src/*/*.d $(B)/f64/src/*/*.d $(B)/f32/tests/*/*.d $(B)/f64/tests/*/*.d $(B)/f32/tests/*.d $(B)/f64/tests/*.d)
