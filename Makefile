# Tablegate. `make quickstart` and `make test` are all a new user needs; `make help` lists the rest.
#
# Two variants are built from the same sources: build/ (what is installed) and build/asan/ (AddressSanitizer and
# UndefinedBehaviorSanitizer, for the tests). The module is built against the headers of Debian's nginx-dev, which `make deps`
# unpacks in build/nginx-dev where the package is not installed;
# `make module-native` builds it the way nginx's own ./configure does, from the file `config`.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
# V=1 shows the compiler's whole command lines.
Q := $(if $(V),,@)

NGX_SRC ?= $(firstword $(wildcard /usr/share/nginx/src $(CURDIR)/build/nginx-dev/usr/share/nginx/src) /usr/share/nginx/src)
PREFIX ?= /usr
DESTDIR ?=
TIME ?= 60
BUILD := build
define newline


endef
ABS := $(CURDIR)/build
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
# Functional tests wait more than they work.
TEST_JOBS ?= $(shell echo $$((2 * $(JOBS))))

CXX := g++
CC := gcc
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Werror
# nginx's macros cast in C's way.
WARNINGS_NGX := -Wall -Wextra -Wshadow -Wno-unused-parameter -Werror
# A unit needs 300 to 500 MB: a compiler that does not look for garbage before that is a tenth faster.
CXXFLAGS_COMMON := -std=c++17 -g1 --param ggc-min-heapsize=524288 -fPIC -fvisibility=hidden -fstack-protector-strong -Wformat -Werror=format-security
CXXFLAGS_release := -O2 -D_FORTIFY_SOURCE=2
CXXFLAGS_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
# The commands of the loader wait for PostgreSQL: there the compiler's time counts, not the program's.
CXXFLAGS_release_loader := -Og -g0 -D_FORTIFY_SOURCE=2
CXXFLAGS_asan_loader := -Og $(filter-out -O1,$(CXXFLAGS_asan))
LDFLAGS_release := -Wl,-z,relro -Wl,-z,now -Wl,--compress-debug-sections=zlib
LDFLAGS_asan := -fsanitize=address,undefined
# Tests start a sanitized program thousands of times. At a fixed address it needs no million relocations: 60 ms instead of 86.
LDFLAGS_asan_program := -no-pie
PQ_INCLUDE = -isystem $(shell pkg-config --variable=includedir libpq)

# The sources of a folder and of its sub-rooms, and the units that they are compiled as: their folders, or the rooms that are one unit.
sources = $(sort $(wildcard $1/*.cpp $1/*/*.cpp $1/*/*/*.cpp))
WHOLE_ROOMS := loader/cli loader/catalog
folders = $(sort $(foreach folder,$(patsubst %/,%,$(dir $1)),$(or $(strip $(foreach room,$(WHOLE_ROOMS),$(if $(filter $(room)/%,$(folder)),$(room)))),$(folder))))
CORE_SRC := $(call sources,ngx_module/core)
PG_SRC := $(wildcard ngx_module/pg/*.cpp)
NGX_MODULE_SRC := $(wildcard ngx_module/ngx/*.cpp)
LOADER_SRC := $(call sources,loader)
LOADER_MAIN := loader/cli/main.cpp
# One unit test program a library: t/unit/core_*, pg_*, loader_*.
UNITS := pg core loader
CORE_LIBS := -ljansson -lcrypto
PG_LIBS := -lpq
# libpg_query's names are those of PostgreSQL, of which libpq has one too: they are kept inside the program.
LOADER_LIBS := $(PG_LIBS) $(CORE_LIBS) -lssl -lfmt -lcurl -lpugixml -lz -lyaml -l:libpg_query.a -Wl,--exclude-libs,libpg_query.a
CHECK_LIBS := -lcheck -lsubunit -lrt -lm -lpthread

.PHONY: all
all: build

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## install the Debian packages that compiling requires (tests and lint install theirs)
	@t/lib/deps.sh build

# ---- build

.PHONY: build module loader asan-build always
build: ## build/ngx_http_tablegate_module.so and build/tablegate
	@$(MAKE) --no-print-directory -j$(JOBS) module loader
module: $(BUILD)/ngx_http_tablegate_module.so
loader: $(BUILD)/tablegate
asan-build: $(BUILD)/asan/ngx_http_tablegate_module.so $(BUILD)/asan/tablegate

# nginx's own configure writes the headers that its build has (ngx_auto_config.h), and nothing under NGX_SRC.
NGX_CONFIG := $(BUILD)/nginx/ngx_auto_config.h
$(NGX_CONFIG):
	@test -f $(NGX_SRC)/conf_flags || { echo "nginx's sources are not at $(NGX_SRC): run make deps" >&2; exit 1; }
	@mkdir -p $(BUILD)/nginx
	@cd $(NGX_SRC) && . ./conf_flags && ./configure "$${NGX_CONF_FLAGS[@]}" --builddir=$(ABS)/nginx >$(ABS)/nginx/configure.log 2>&1 \
	  || { tail -n 20 $(ABS)/nginx/configure.log >&2; exit 1; }

NGX_INCLUDE := $(addprefix -isystem $(NGX_SRC)/src/,core event event/modules os/unix http http/modules http/v2) -isystem $(BUILD)/nginx

always:

# The files of a source folder are compiled as one unit, which includes them all: most of a compile is headers, and so each is read once a
# folder. The commands and the catalog are one unit each with their sub-rooms. Hence no two files of a unit may use one name in their
# unnamed namespaces, and -Wsubobject-linkage, which takes an included file for a header, is off. A unit is written while this file is
# read, when a file has come or gone.
UNITS_OF_FOLDERS := $(BUILD)/units
HASH := \#
unit_files = $(filter-out $(LOADER_MAIN),$(sort $(wildcard $1/*.cpp $(if $(filter $1,$(WHOLE_ROOMS)),$1/*/*.cpp))))
unit_text = $(foreach file,$(call unit_files,$1),$(HASH)include "$(file)"$(newline))
unit_known = $(patsubst "%",%,$(filter-out $(HASH)include,$(file <$(UNITS_OF_FOLDERS)/$1.cpp)))
differ = $(filter-out $1,$2)$(filter-out $2,$1)
define write_unit
$(if $(call differ,$(call unit_files,$1),$(call unit_known,$1)),$(shell mkdir -p $(dir $(UNITS_OF_FOLDERS)/$1))$(file >$(UNITS_OF_FOLDERS)/$1.cpp,$(call unit_text,$1)))
endef
# A sub-room that was a unit of its own.
$(foreach room,$(WHOLE_ROOMS),$(if $(wildcard $(UNITS_OF_FOLDERS)/$(room)),$(shell rm -r $(UNITS_OF_FOLDERS)/$(room))))
ifneq ($(filter-out help deps stop clean format uninstall,$(or $(MAKECMDGOALS),build)),)
$(foreach folder,$(call folders,$(CORE_SRC) $(PG_SRC) $(NGX_MODULE_SRC) $(LOADER_SRC)),$(call write_unit,$(folder)))
endif

# One variant ($1: release or asan; $2: its folder). core and pg see no nginx header, core no libpq. The loader's sources of data are
# compiled as the module is: rows go through them.
define variant
$2_CORE := $$(patsubst %,$2/obj/%.o,$$(call folders,$$(CORE_SRC)))
$2_PG := $2/obj/ngx_module/pg.o
$2_NGX := $2/obj/ngx_module/ngx.o
$2_SOURCE := $$(patsubst %,$2/obj/%.o,$$(call folders,$$(filter loader/source/%,$$(LOADER_SRC))))
$2_LOADER := $$(patsubst %,$2/obj/%.o,$$(call folders,$$(filter-out loader/source/% $$(LOADER_MAIN),$$(LOADER_SRC))))
$2_MAIN := $2/obj/$$(LOADER_MAIN:.cpp=.o)
$2_UNITS := $$($2_NGX) $$($2_LOADER) $$($2_CORE) $$($2_PG) $$($2_SOURCE)
$$($2_CORE): UNIT_FLAGS = $$(CXXFLAGS_$1) $$(WARNINGS) -Ingx_module
$$($2_PG): UNIT_FLAGS = $$(CXXFLAGS_$1) $$(WARNINGS) -Ingx_module $$(PQ_INCLUDE)
$$($2_NGX): UNIT_FLAGS = $$(CXXFLAGS_$1) $$(WARNINGS_NGX) -Ingx_module $$(PQ_INCLUDE) $$(NGX_INCLUDE)
$$($2_NGX): $(NGX_CONFIG)
$$($2_SOURCE): UNIT_FLAGS = $$(CXXFLAGS_$1) $$(WARNINGS) -Ingx_module -Iloader $$(PQ_INCLUDE)
$$($2_LOADER) $$($2_MAIN): UNIT_FLAGS = $$(CXXFLAGS_$1_loader) $$(WARNINGS) -Ingx_module -Iloader $$(PQ_INCLUDE)
$$($2_UNITS): $2/obj/%.o: $(UNITS_OF_FOLDERS)/%.cpp
	@mkdir -p $$(@D)
	@echo '  CXX  $$@'
	$(Q)$$(CXX) $$(CXXFLAGS_COMMON) $$(UNIT_FLAGS) -Wno-subobject-linkage -iquote . -MMD -MP -c $$< -o $$@
$$($2_MAIN): $$(LOADER_MAIN)
	@mkdir -p $$(@D)
	@echo '  CXX  $$@'
	$(Q)$$(CXX) $$(CXXFLAGS_COMMON) $$(UNIT_FLAGS) -MMD -MP -c $$< -o $$@
$2/obj/modules.o: ngx_module/ngx/modules.c $(NGX_CONFIG)
	@mkdir -p $$(@D)
	@echo '  CC   $$@'
	$(Q)$$(CC) -O -g -fPIC $$(NGX_INCLUDE) -c $$< -o $$@
# For the unit tests. A header compiled with other flags would be no use: they are kept in a file.
$2/obj/precompiled.flags: always
	@mkdir -p $$(@D)
	@echo '$$(CXXFLAGS_COMMON) $$(CXXFLAGS_$1_loader) $$(WARNINGS)' | cmp -s - $$@ || echo '$$(CXXFLAGS_COMMON) $$(CXXFLAGS_$1_loader) $$(WARNINGS)' >$$@
$2/obj/precompiled.hpp.gch: loader/base/precompiled.hpp $2/obj/precompiled.flags
	@mkdir -p $$(@D)
	@echo '  CXX  $$@'
	$(Q)$$(CXX) $$(CXXFLAGS_COMMON) $$(CXXFLAGS_$1_loader) $$(WARNINGS) -x c++-header -MMD -MP -MF $$(@:.gch=.d) -c $$< -o $$@
$2/obj/embedded.cpp: schema/embed.sh $$(wildcard schema/catalog/*.sql schema/mirror/*.sql schema/definitions/*.json) loader/script/functions.txt
	@mkdir -p $$(@D)
	@schema/embed.sh $$@
$2/obj/embedded.o: $2/obj/embedded.cpp
	@echo '  CXX  $$@'
	$(Q)$$(CXX) $$(CXXFLAGS_COMMON) $$(CXXFLAGS_$1_loader) -Ingx_module -Iloader -c $$< -o $$@
$2/obj/unit/%.o: t/unit/%.cpp $2/obj/precompiled.hpp.gch
	@mkdir -p $$(@D)
	@echo '  CXX  $$@'
	$(Q)$$(CXX) $$(CXXFLAGS_COMMON) $$(CXXFLAGS_$1_loader) -Wall -Wextra -Wpedantic -Werror -Winvalid-pch -include $2/obj/precompiled.hpp -Ingx_module -Iloader -It/unit $$(PQ_INCLUDE) -MMD -MP -c $$< -o $$@
$2/libcore.a: $$($2_CORE)
$2/libpg.a: $$($2_PG)
$2/libloader.a: $$($2_LOADER) $$($2_SOURCE) $2/obj/embedded.o
$2/libcore.a $2/libpg.a $2/libloader.a: # thin: they name the objects
	@rm -f $$@ && ar rcs --thin $$@ $$^
$2/ngx_http_tablegate_module.so: $$($2_NGX) $2/obj/modules.o $2/libcore.a $2/libpg.a ngx_module/exports.map
	@echo '  LD   $$@'
	$(Q)$$(CXX) -shared $$(CXXFLAGS_$1) $$(LDFLAGS_$1) -Wl,--version-script=ngx_module/exports.map -o $$@ $$(filter %.o,$$^) $2/libpg.a $2/libcore.a $$(PG_LIBS) $$(CORE_LIBS)
$2/tablegate: $$($2_MAIN) $2/libloader.a $2/libpg.a $2/libcore.a
	@echo '  LD   $$@'
	$(Q)$$(CXX) $$(CXXFLAGS_$1) $$(LDFLAGS_$1) $$(LDFLAGS_$1_program) -o $$@ $$^ $$(LOADER_LIBS)
$(foreach unit,$(UNITS),$2/unit/$(unit): $$(patsubst t/unit/%.cpp,$2/obj/unit/%.o,$$(wildcard t/unit/$(unit)_*test.cpp)) $2/obj/unit/main.o$(newline))
$2/unit/%: $2/libloader.a $2/libpg.a $2/libcore.a
	@mkdir -p $$(@D)
	@echo '  LD   $$@'
	$(Q)$$(CXX) $$(CXXFLAGS_$1) $$(LDFLAGS_$1) $$(LDFLAGS_$1_program) -o $$@ $$(filter %.o,$$^) $2/libloader.a $2/libpg.a $2/libcore.a $$(LOADER_LIBS) $$(CHECK_LIBS)
endef
$(eval $(call variant,release,$(BUILD)))
$(eval $(call variant,asan,$(BUILD)/asan))
-include $(shell find $(BUILD) -name '*.d' -path '*/obj/*' 2>/dev/null)

NATIVE_OPT ?= -O2
.PHONY: module-native
module-native: $(NGX_CONFIG) ## the module as nginx's ./configure --add-dynamic-module builds it, in build/native
	@mkdir -p $(BUILD)/native
	@cd $(NGX_SRC) && . ./conf_flags && ./configure "$${NGX_CONF_FLAGS[@]}" \
	  --with-cc-opt='$(NATIVE_OPT) -fstack-protector-strong -Wformat -Werror=format-security -D_FORTIFY_SOURCE=2' \
	  --with-ld-opt='-Wl,-z,relro -Wl,-z,now' --builddir=$(ABS)/native --add-dynamic-module=$(CURDIR) >$(ABS)/native/configure.log 2>&1 \
	  && $(MAKE) --no-print-directory -f $(ABS)/native/Makefile modules >$(ABS)/native/make.log 2>&1 \
	  || { tail -n 20 $(ABS)/native/*.log >&2; exit 1; }
	@echo "module-native: build/native/ngx_http_tablegate_module.so"

# ---- run

.PHONY: quickstart stop
quickstart: ## from nothing to the tutorial's call (PORT=8080, SOURCE=maxcompute)
	@t/lib/deps.sh build run
	@t/lib/compile.sh $(MAKE) --no-print-directory build
	@t/lib/quickstart.sh
stop: ## end everything that quickstart started
	@t/lib/stop.sh

# ---- test
#
# `make test`, `make lint` and both together (`make test lint`) are one graph: ASan objects are compiled and sources linted while tests
# wait. t/README.md says what runs where. FULL=1 (`make full`) leaves nothing out.

GATE := $(filter test lint,$(MAKECMDGOALS))
FULL ?=
.PHONY: test lint gate full check
test: gate ## unit and functional tests, most of them under ASan and UBSan, the layer check, counted instructions
lint: gate ## clang-format, clang-tidy, cppcheck, shellcheck, pyflakes, layer check, JSON Schemas
gate:
	@t/lib/deps.sh build test $(filter lint,$(GATE))
	@$(MAKE) --no-print-directory -k -j$(JOBS) $(addprefix run-,$(GATE)) GATED='$(GATE)'
full: ## test and lint without skipping anything: everything in both builds, the analyzer on every unit
	@$(MAKE) --no-print-directory test lint FULL=1
check: ## what one runs while working: format, layers, unit tests
	@t/lib/deps.sh build test lint
	@t/lib/lint.sh format layers
	@$(MAKE) --no-print-directory unit

# Tests that measure come last, when nothing else runs.
GATED ?=
.PHONY: run-test run-lint unit asan-unit functional asan-functional release-functional asan layers npm
run-test: layers unit asan-unit asan-functional release-functional bench-check
unit: $(addprefix $(BUILD)/unit/,$(UNITS)) ## unit tests (Check)
	@t/lib/unit.sh $^
asan-unit: $(addprefix $(BUILD)/asan/unit/,$(UNITS))
	@t/lib/unit.sh $^
npm:
	@t/lib/npm.sh
functional: module loader module-native npm ## functional tests (prove), each with its own PostgreSQL and nginx
	@t/lib/functional.sh all
release-functional: module loader module-native npm | asan-functional asan-unit unit $(if $(filter lint,$(GATED)),run-lint)
	@t/lib/functional.sh $(if $(FULL),all,release)
asan-functional: asan-build loader npm
	@TABLEGATE_ASAN=1 t/lib/functional.sh all
bench-check: | $(if $(GATED),release-functional)
asan: asan-unit asan-functional ## unit and functional tests under ASan and UBSan on the stock nginx
layers: $(BUILD)/libcore.a $(BUILD)/libpg.a $(BUILD)/ngx_http_tablegate_module.so ## which room may use which, what leaves the module
	@t/lib/layers.sh $(BUILD)

# ---- keep

LINT_UNITS := $(CORE_SRC) $(PG_SRC) $(NGX_MODULE_SRC) $(LOADER_SRC) $(wildcard t/fuzz/*.cpp)
TIDY := $(addprefix tidy/,$(LINT_UNITS))
LINT := $(addprefix lint/,format cppcheck shell schemas python words)
.PHONY: format fuzz bench bench-check install uninstall clean tidy-changed $(TIDY) $(LINT)
run-lint: $(LINT) $(TIDY) layers
$(LINT): lint/%: $(NGX_CONFIG)
	@t/lib/lint.sh $*
tidy-changed: $(NGX_CONFIG)
	@t/lib/tidy.sh --changed
# Behind the builds, so that the sanitized tests get their turn first and sources are linted while they wait.
$(TIDY): tidy/%: tidy-changed | $(if $(filter test,$(GATED)),asan-build)
	@t/lib/tidy.sh $(if $(FULL),--analyze) $*
format: ## clang-format over all sources
	@clang-format-14 -i $$(git ls-files '*.cpp' '*.hpp')
fuzz: ## each fuzzer for TIME=60 seconds
	@t/lib/deps.sh build fuzz
	@t/fuzz/run.sh $(TIME)
$(BUILD)/bench/decoder: t/bench/decoder.cpp $(BUILD)/libloader.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	@echo '  LD   $@'
	$(Q)$(CXX) $(CXXFLAGS_COMMON) $(CXXFLAGS_release) $(WARNINGS) -Ingx_module -Iloader $(PQ_INCLUDE) -o $@ $^ $(LOADER_LIBS)
$(BUILD)/bench/limit: t/bench/limit.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -Wall -Wextra -Werror $(PQ_INCLUDE) -o $@ $< -lpq
bench: build $(BUILD)/bench/decoder $(BUILD)/bench/limit $(BUILD)/bench/turns.so ## speed beside its limits, into build/bench (BENCH="--seconds 5 --rounds 3")
	@t/lib/deps.sh build test bench
	@t/bench/run.sh $(BENCH)
$(BUILD)/bench/dump.so $(BUILD)/bench/turns.so: $(BUILD)/bench/%.so: t/bench/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -Wall -Wextra -Werror -fPIC -shared -o $@ $<
bench-check: module loader $(BUILD)/bench/dump.so ## instructions of a request by callgrind, at most 3 % over the committed figures (UPDATE=1 writes them)
	@t/bench/instructions.py $(if $(UPDATE),--update)

TO := $(DESTDIR)$(PREFIX)
TO_MODULES := $(TO)/lib/nginx/modules
TO_CONF := $(TO)/share/nginx/modules-available
TO_UNITS := $(TO)/lib/systemd/system
# $1, built, goes to folder $2 without its debug data; DEBUG=1 puts that where debuggers look: FOLDER/.debug.
define install_stripped
install -s -m $3 $1 $2/
$(if $(DEBUG),install -d $2/.debug
objcopy --only-keep-debug --compress-debug-sections $1 $2/.debug/$(notdir $1).debug
chmod 0644 $2/.debug/$(notdir $1).debug
objcopy --add-gnu-debuglink=$2/.debug/$(notdir $1).debug $2/$(notdir $1))
endef
install: build ## into DESTDIR, PREFIX=/usr; DEBUG=1: debug data too
	install -d $(TO_MODULES) $(TO)/bin $(TO_CONF) $(TO_UNITS)
	$(call install_stripped,$(BUILD)/ngx_http_tablegate_module.so,$(TO_MODULES),0644)
	$(call install_stripped,$(BUILD)/tablegate,$(TO)/bin,0755)
	sed 's,/usr/bin/,$(PREFIX)/bin/,' loader/tablegate-refresh.service >$(TO_UNITS)/tablegate-refresh.service
	sed 's|/usr/bin/tablegate|$(PREFIX)/bin/tablegate|' loader/tablegate-sync@.service >$(TO_UNITS)/tablegate-sync@.service
	printf 'load_module %s/ngx_http_tablegate_module.so;\n' $(if $(filter /usr,$(PREFIX)),modules,$(PREFIX)/lib/nginx/modules) >$(TO_CONF)/mod-http-tablegate.conf
uninstall: ## remove what install put into DESTDIR, PREFIX=/usr
	rm -f $(TO_MODULES)/ngx_http_tablegate_module.so $(TO_MODULES)/.debug/ngx_http_tablegate_module.so.debug \
	  $(TO)/bin/tablegate $(TO)/bin/.debug/tablegate.debug $(TO_CONF)/mod-http-tablegate.conf \
	  $(TO_UNITS)/tablegate-refresh.service $(TO_UNITS)/tablegate-sync@.service
	for folder in $(TO_MODULES) $(TO)/bin; do if [ -d $$folder/.debug ]; then rmdir --ignore-fail-on-non-empty $$folder/.debug; fi; done
clean: ## remove build/ (make stop first)
	@if [ -e build/quickstart ] || [ -L build/quickstart.env ]; then t/lib/stop.sh; fi
	rm -rf build
