# Ready or Not: network servers in C.      `make` alone prints what there is to do.
#
# No chapter and no program is named here: what stands in the tree is what gets built.
#
#   chapters/NN-name/foo.c        build/NN-name/foo
#   chapters/NN-name/server/*.c   build/NN-name/server    one program of several files
#   lib/*.c                       build/lib/libready.a    linked into every program
#   lib/tools/foo.c               build/lib/foo
#   tests/foo.c                   build/tests/foo
#
# `make asan` and `make tsan` do the same again under build/asan and build/tsan.

CC       = gcc
CFLAGS   = -O1 -foptimize-sibling-calls -g# a backtrace is without the watch of lib/watch.h
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
COMPILE  = $(CC) -std=c11 -D_GNU_SOURCE -U_FORTIFY_SOURCE -fno-lto $(CFLAGS) $(SANITIZE) \
           $(WARNINGS) -Ilib -pthread
BUILD    = build
LIBREADY = $(BUILD)/lib/libready.a
WATCH    = @lib/watch.link# TRACE, COUNT and FAULTS work on every program: see lib/watch.h

# CHAPTER=05 narrows `all`, `asan`, `tsan`, `demo`, `test`, `prove` and `bench` to one chapter. All but
# `all` build the other chapters too: their tests lean on each other's programs.
CHAPTER  =
CHAPTERS = $(notdir $(wildcard chapters/$(or $(CHAPTER),*)-*))
ifeq ($(CHAPTERS),)
$(error there is no chapter $(CHAPTER); there are $(notdir $(wildcard chapters/*)))
endif

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help all demo test check start next progress hint solution grade prove compare bench \
        fuzz book book-check book-sync figures asan tsan format format-check lint doctor clean FORCE

# What the scripts need to know: where things were built, and how to build a reader's own work.
export BUILD COMPILE LIBREADY WATCH CHAPTER

# ---- building ------------------------------------------------------------------------

sources  := $(wildcard chapters/*/*.c chapters/*/*/*.c lib/tools/*.c tests/*.c)
folders  := $(sort $(patsubst chapters/%/,%,$(dir $(wildcard chapters/*/*/*.c))))
singles  := $(patsubst chapters/%.c,%,$(wildcard chapters/*/*.c))
tools    := $(patsubst lib/tools/%.c,$(BUILD)/lib/%,$(wildcard lib/tools/*.c)) \
            $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/*.c))
drivers  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/exercises/*/[0-9]*.c))
objects  := $(patsubst lib/%.c,$(BUILD)/lib/%.o,$(wildcard lib/*.c))
loader   := $(patsubst chapters/%,$(BUILD)/%,$(wildcard chapters/10-webbench/load))
graders  := $(LIBREADY) $(tools) $(drivers) $(loader)
built     = $(if $(filter all,$(MAKECMDGOALS)),$(CHAPTERS),$(notdir $(wildcard chapters/*)))
programs  = $(addprefix $(BUILD)/,$(filter $(built:%=%/%),$(singles) $(folders)))

all: $(tools) $(programs) ## builds everything, and after a change what it concerns

.SECONDEXPANSION: # for $$(@D), the folder of a target, made once
.PRECIOUS: $(BUILD)/%/.
$(BUILD)/%/.:
	@mkdir -p $@

# GNU make takes the rule with the shortest stem, so lib/ and tests/ win over chapters/.
define from-one-file
$(info $()  $@)
@$(COMPILE) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(LIBREADY) $(WATCH)
endef

$(BUILD)/%: chapters/%.c $(LIBREADY) $(BUILD)/compiler | $$(@D)/.
	$(from-one-file)
$(BUILD)/lib/%: lib/tools/%.c $(LIBREADY) $(BUILD)/compiler | $$(@D)/.
	$(from-one-file)
$(BUILD)/tests/%: tests/%.c $(LIBREADY) $(BUILD)/compiler | $$(@D)/.
	$(from-one-file)

define object
@$(COMPILE) -MMD -MP -MF $@.d -MT $@ -c -o $@ $<
endef

$(BUILD)/objects/%.o: chapters/%.c $(BUILD)/compiler | $$(@D)/.
	$(object)
$(BUILD)/tests/exercises/%.o: tests/exercises/%.c $(BUILD)/compiler | $$(@D)/.
	$(object)
$(BUILD)/lib/%.o: lib/%.c $(BUILD)/compiler | $$(@D)/.
	$(object)

$(LIBREADY): $(objects) lib/watch.link
	$(info $()  $@)
	@rm -f $@ && $(AR) rc $@ $(objects)

objects-of = $(patsubst chapters/%.c,$(BUILD)/objects/%.o,$(wildcard chapters/$(1:$(BUILD)/%=%)/*.c))
$(folders:%=$(BUILD)/%): $$(call objects-of,$$@) $(LIBREADY) | $$(@D)/.
	$(info $()  $@)
	@$(COMPILE) -o $@ $^ $(WATCH)

# Changes when the compiler or its flags do; then everything is built again.
ifneq ($(strip $(file <$(BUILD)/compiler)),$(strip $(COMPILE) $(WATCH)))
$(BUILD)/compiler: FORCE
endif
$(BUILD)/compiler:
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(WATCH)' >$@

-include $(shell find $(BUILD) -name '*.d' -not -path '$(BUILD)/*san/*' 2>/dev/null)

# ---- reading and running: `make` prints this and the next part, and names the third ----

help: ## this list
	@lib/tools/help Makefile
demo: all ## six servers compared under load; CHAPTER=01: its screens
ifeq ($(CHAPTER),)
	@lib/tools/compare --demo
else
	@lib/tools/demo chapters/$(CHAPTERS)/demo
endif
test: all $(graders) ## checks all of the book; CHAPTER=01: one chapter
ifdef SUBMISSION
	@tests/tools/grade "$(SUBMISSION)"
else
	@tests/tools/test
endif
compare: all ## the whole comparison; CLIENTS="100 1000" MODELS="mine epoll"
	@lib/tools/compare
book: ## the book as HTML, in build/book/
	@book/tools/check listings links && book/tools/html
doctor: ## what this machine can and cannot do
	@lib/tools/doctor

# ---- your own work ----

start: ## EX=01/2 puts task and starter into work/01-…/
	@tests/tools/start $(EX)
check: $(graders) ## EX=01/2 grades your work on it; EX=mine your own server
	@tests/tools/check $(EX)
hint: ## EX=01/2 the next of three hints
	@tests/tools/hint $(EX)
next: $(graders) ## where to go on
	@tests/tools/next
progress: $(graders) ## what is done
	@tests/tools/progress
solution: $(graders) ## EX=01/2 our solution beside yours, once yours passes
	@tests/tools/solution $(EX)
grade: $(graders) ## all of work/, or SUBMISSION=dir: points and feedback
	@tests/tools/grade $(if $(SUBMISSION),"$(SUBMISSION)")

# ---- the workshop ----

bench: all ## measurements of a chapter, as ratios; never part of `make test`
	@lib/tools/bench $(CHAPTERS:%=chapters/%)
prove: all $(graders) ## every grader: starter fails, solutions pass, each wrong solution is caught
	@tests/tools/prove
fuzz: # wrong bytes for the state machines of chapter 08; SECONDS_EACH=60
	@tests/tools/fuzz $(or $(SECONDS_EACH),60)
book-check: all ## listings, transcripts, links and terms against the programs
	@book/tools/check
book-sync: ## rewrites the listings in the text from the programs
	@book/tools/listings --write
figures: all ## draws the pictures of waiting anew, from traces
	@book/tools/figures
asan: ## builds and tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) test BUILD=build/asan \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O0"
tsan: ## the same with ThreadSanitizer (clang's), for the chapters with threads
	@setarch -R $(MAKE) test BUILD=build/tsan CC=clang SANITIZE="-fsanitize=thread -O1"
format: ## lays out every C file by .clang-format
	@find lib chapters tests exercises solutions -name '*.[ch]' -exec clang-format -i {} +
lint: ## shellcheck, clang-tidy, layout, and the test patterns that pass silently
	@tests/tools/lint
clean: ## removes build/
	@rm -rf build
