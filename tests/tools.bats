# The commands of the book, tried in small trees made for the purpose: the Makefile, the test
# runner, the fetching of Bats, lint, help, doctor, bench.

load lib/servers

# A tree for the tools to stand in, of which nothing is built but what every program needs.
setup_file() {
    TREE=$BATS_FILE_TMPDIR/tree
    mkdir -p "$TREE"/{tests/tools,tests/lib,lib/tools,book/tools,chapters/{01-one,05-five},build}
    cp "$TOP"/tests/tools/{bats,test,lint,lint.awk} "$TREE/tests/tools/"
    cp "$TOP"/tests/lib/{scratch,servers}.bash "$TREE/tests/lib/"
    cp "$TOP"/lib/{clock,error}.* "$TOP"/lib/watch* "$TREE/lib/" # enough for a program
    cp "$TOP"/lib/tools/{offspring.bash,help,bench,doctor,probe.c} "$TREE/lib/tools/"
    cp "$TOP"/{Makefile,.clang-format,.clang-tidy,.shellcheckrc} "$TREE/"
    ln -s "$BATS_ROOT" "$TREE/build/bats"
    part book/tools/check 'echo 1..1; echo "ok 1 - the text is true"'
    part tests/tools/prove 'echo "ok 1 - the graders are fair"; echo 1..1'
    (set_ours && anew make -C "$TREE" all) >/dev/null
}

# For each test a copy of its own, with a space in its path.
setup() {
    note_own_lines
    TREE="$BATS_TEST_TMPDIR/a tree"
    cp -a "$BATS_FILE_TMPDIR/tree" "$TREE"
    set_ours
    cd "$TREE" || return 1
    [[ $BATS_TEST_DESCRIPTION != lint* ]] || rm lib/watch* lib/tools/probe.c # the less to look at
}

set_ours() {
    local name
    PATH=${PATH//"$BATS_LIBEXEC:"/} # its own parts, which a Bats in a Bats must not find
    OURS=()
    for name in BUILD COMPILE LIBREADY CHAPTER NO_SKIP TIME_SCALE "${!BATS_@}"; do
        OURS+=(-u "$name")
    done
}

# Whatever still runs in this test's folder.
teardown() {
    local process
    for process in /proc/[0-9]*; do
        [[ ! $process/cwd -ef $TREE || $process = "/proc/$$" ]] ||
            kill -KILL "${process#/proc/}" 2>/dev/null || true
    done
}

# part FILE SCRIPT: a stand-in for one of the programs that the tree's tools call.
part() {
    printf '#!/usr/bin/env bash\n%s\n' "$2" >"$TREE/$1"
    chmod +x "$TREE/$1"
}

# anew COMMAND...: as from a shell, with nothing of these tests in its environment.
anew() { env "${OURS[@]}" "$@"; }

# runner [VARIABLE=VALUE...]: tests/tools/test, as make calls it.
runner() {
    anew COMPILE="gcc -O2" BUILD=build "$@" tests/tools/test
}

# path_without PROGRAM...: a folder with all that is in the usual ones but these.
path_without() {
    mkdir "$BATS_TEST_TMPDIR/bin"
    ln -sf /usr/bin/* "$BATS_TEST_TMPDIR/bin/"
    (cd "$BATS_TEST_TMPDIR/bin" && rm -f "$@")
    echo "$BATS_TEST_TMPDIR/bin"
}

last_line() {
    echo "${lines[-1]}"
}

# ---- the test runner ----

@test "make test adds up what all parts say, and ends with the sum" {
    printf '@test "it holds" { true; }\n@test "so does this" { true; }\n' >tests/01-one.bats
    run runner
    [ "$status" -eq 0 ]
    [ "$(last_line)" = "4 passed, 0 failed" ]
    [[ $output = *"  ok  it holds"* ]]
    [[ $output = *"  ok  the text is true"* ]]
    [[ $output = *"  ok  the graders are fair"* ]]
    [[ $output != *$'\e'* ]]
}

@test "a failing test is shown with what happened, told again at the end, and makes the status 1" {
    printf '@test "it holds" { echo was here; false; }\n' >tests/01-one.bats
    run runner
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "2 passed, 1 failed" ]
    [[ $output = *"  ✗   it holds"*"was here"*"failed:"*"01-one: it holds"*"was here"* ]]
}

@test "when setup_file fails, all tests of the file count as failed" {
    printf 'setup_file() { false; }\n@test "a" { true; }\n@test "b" { true; }\n@test "c" { true; }\n' \
        >tests/01-one.bats
    run runner
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "2 passed, 3 failed" ]
}

@test "a part that breaks off has failed for every test that it did not run" {
    part tests/tools/prove 'echo 1..4; echo "ok 1 - one"; exit 0'
    run runner
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "2 passed, 3 failed" ]
}

@test "a part that announces nothing, is not there, or ends badly has failed" {
    local prove
    for prove in 'true' 'echo "ok 1 - one"' 'echo 1..1; echo "ok 1 - one"; exit 3'; do
        part tests/tools/prove "$prove"
        run runner
        [ "$status" -eq 1 ]
        [[ $(last_line) = *", 1 failed" ]]
    done
    rm tests/tools/prove
    run runner
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "1 passed, 1 failed" ]
}

@test "a part that says nothing any more is given up, and ended" {
    part tests/tools/prove 'echo 1..2; echo "ok 1 - one"; tail -f /dev/null'
    run runner PATIENCE=1
    [ "$status" -eq 1 ]
    [[ $output = *"not a word for 1 s"* ]]
    [ "$(last_line)" = "2 passed, 2 failed" ]
}

@test "of a test that fails its own line is told, be it a compound command or a helper's call" {
    printf '%s\n' 'load lib/servers' 'helper() { false; }' '@test "one" {' '    run true' \
        '    ((1 == 2))' '}' '@test "two" {' '    helper' '}' >tests/01-one.bats
    run runner
    [[ $output = *"line 5)"*"\`((1 == 2))' failed"*"line 8)"*"\`helper' failed"* ]]
}

@test "skipped tests are counted apart, with their reasons" {
    printf '@test "it holds" { skip "no moon"; }\n' >tests/01-one.bats
    run runner
    [ "$status" -eq 0 ]
    [[ $output = *"skipped:"*"01-one: it holds: no moon"* ]]
    [ "$(last_line)" = "2 passed, 0 failed, 1 skipped" ]
}

@test "with NO_SKIP=1 a skipped test has failed, unless it may be skipped under a sanitizer" {
    printf '@test "it holds" { skip "no moon"; }\n@test "it too" { skip; }\n' >tests/01-one.bats
    echo "it too" >tests/allowed-skips
    run runner NO_SKIP=1
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "2 passed, 2 failed" ]
    run runner NO_SKIP=1 COMPILE="gcc -fsanitize=address"
    echo "$output"
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "1 passed, 1 failed, 1 skipped" ]
}

@test "a process that a test leaves behind is a failure, and is ended" {
    part tests/tools/prove 'echo 1..1; echo "ok 1 - one"
        setsid tail -f "$PWD/Makefile" >/dev/null 2>&1 & echo $! >build/left'
    run runner
    [ "$status" -eq 1 ]
    [[ $output = *"left processes behind"*"tail -f"* ]]
    poll_until 5 gone "$(<build/left)"
}

@test "Ctrl-C ends make test and everything that it has started, and its files are gone" {
    part tests/tools/prove 'echo 1..1; setsid tail -f /dev/null >/dev/null 2>&1 & echo $! >build/left; echo "$TMPDIR" >build/tmp
        tail -f /dev/null'
    setsid env --default-signal=INT "${OURS[@]}" COMPILE=gcc BUILD=build tests/tools/test \
        >build/output 2>&1 3>&- 4>&- &
    pid=$!
    poll_until 20 test -s build/tmp
    poll_until 5 is_asleep "$(<build/left)"
    kill -INT -- "-$pid"
    poll_until 10 gone "$pid"
    poll_until 5 gone "$(<build/left)"
    [ ! -e "$(<build/tmp)" ]
    [ "$(tail -n 1 build/output)" = interrupted ]
}

@test "what tests write is in TMPDIR; else in memory, if there is room and programs run there" {
    local apart=(unshare --map-root-user --mount) where=$BATS_TEST_TMPDIR/where
    mkdir "$where"
    scratch_with() { # OPTIONS of tmpfs(5), for what is mounted there
        TMPDIR='' run -0 "${apart[@]}" bash -c '. tests/lib/scratch.bash
            mount -t tmpfs -o "$2" tmpfs "$1"
            scratch "$1"' bash "$where" "$1"
    }
    "${apart[@]}" true || skip "no mounts of our own"
    scratch_with size=2g
    [[ $output = "$where/tmp."* ]]
    scratch_with size=2g,noexec
    [[ $output = /tmp/tmp.* ]]
    rmdir "$output"
    scratch_with size=1000m
    [[ $output = /tmp/tmp.* ]]
    rmdir "$output"
    TMPDIR=$where run -0 bash -c '. tests/lib/scratch.bash; scratch'
    [[ $output = "$where/tmp."* ]]
}

@test "CHAPTER=05 leaves the tests of other chapters alone" {
    echo '@test "of one" { false; }' >tests/01-one.bats
    echo '@test "of none" { false; }' >tests/lib.bats
    echo '@test "of five" { true; }' >tests/05-five.bats
    run runner CHAPTER=05
    [ "$status" -eq 0 ]
    [ "$(last_line)" = "3 passed, 0 failed" ]
}

@test "the reader's own work is no part of make test" {
    mkdir -p work/tests
    echo '@test "of mine" { false; }' | tee work/tests/01-one.bats >work/01-one.bats
    run runner
    [ "$status" -eq 0 ]
    [[ $output != *"of mine"* ]]
}

@test "under ThreadSanitizer only chapters with threads and what concerns all programs are tested" {
    echo '#include <pthread.h>' >chapters/05-five/pool.c
    local file
    for file in 01-one 05-five lib talk contract faults tools; do
        echo "@test \"of $file\" { true; }" >"tests/$file.bats"
    done
    run runner COMPILE="clang -fsanitize=thread"
    [ "$status" -eq 0 ]
    [ "$(last_line)" = "5 passed, 0 failed" ]
    [[ $output = *"of lib"*"of talk"*"of 05-five"*"of contract"*"of faults"* ]]
}

@test "under AddressSanitizer the tests of scripts are left out, and the text" {
    local file
    for file in 01-one lib tools demo book; do
        echo "@test \"of $file\" { true; }" >"tests/$file.bats"
    done
    run runner COMPILE="gcc -fsanitize=address,undefined"
    [ "$status" -eq 0 ]
    [ "$(last_line)" = "3 passed, 0 failed" ]
    [[ $output = *"of lib"*"of 01-one"*"graders are fair"* ]]
}

@test "deadlines are three times as long under a sanitizer, unless TIME_SCALE says otherwise" {
    echo '@test "of one" { echo "scale <$TIME_SCALE>"; false; }' >tests/01-one.bats
    run runner
    [[ $output = *"scale <1>"* ]]
    run runner COMPILE="gcc -fsanitize=address,undefined"
    [[ $output = *"scale <3>"* ]]
    run runner COMPILE="gcc -fsanitize=address,undefined" TIME_SCALE=7
    [[ $output = *"scale <7>"* ]]
}

@test "when no test ran at all, make test has failed" {
    part book/tools/check 'echo "1..0 # SKIP no text yet"'
    part tests/tools/prove 'echo 1..0'
    run runner
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "0 passed, 1 failed, 1 skipped" ]
}

# ---- fetching Bats ----

# fake PROGRAM SCRIPT: in front of all others.
fake() {
    mkdir -p "$BATS_TEST_TMPDIR/fake"
    printf '#!/bin/bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/fake/$1"
    chmod +x "$BATS_TEST_TMPDIR/fake/$1"
}

# The Bats of this tree, with what `fake` made, on a machine that has no Bats.
fetched_bats() {
    rm -f build/bats
    anew PATH="$BATS_TEST_TMPDIR/fake:$(path_without bats)" tests/tools/bats "$@"
}

@test "a Bats on PATH is used, unless it is too old" {
    fake bats 'echo Bats 1.11.0'
    run anew PATH="$BATS_TEST_TMPDIR/fake:$PATH" tests/tools/bats --version
    [ "$output" = "Bats 1.11.0" ]
    fake bats 'echo Bats 1.7.9'
    run anew PATH="$BATS_TEST_TMPDIR/fake:$PATH" tests/tools/bats --version
    [ "$status" -eq 0 ]
    [ "$output" = "$(build/bats/bin/bats --version)" ]
}

@test "without Bats the distribution's package is unpacked under build/, with package lists of its own" {
    command -v dpkg-deb || skip "no dpkg-deb"
    mkdir -p package/{DEBIAN,usr/bin}
    printf 'Package: bats\nVersion: 1.8.2\nArchitecture: all\nMaintainer: n <n@n>\nDescription: d\n' \
        >package/DEBIAN/control
    printf '#!/bin/sh\necho Bats 1.8.2 "$@"\n' >package/usr/bin/bats
    chmod +x package/usr/bin/bats
    dpkg-deb --build package bats.deb
    fake apt-get "echo \"\$@\" >>'$TREE/asked'
        case \$* in *' download bats') cp '$TREE/bats.deb' bats_1.8.2_all.deb ;; esac"
    fake npm 'exit 1'
    run --separate-stderr fetched_bats --version
    [ "$status" -eq 0 ]
    [ "$output" = "Bats 1.8.2 --version" ]
    [[ $(<asked) = *"Dir::State=$TREE/build/bats."*" update"*"Dir::State=$TREE/build/bats."*" download bats" ]]
    [ "$(echo build/bats*)" = build/bats ]
}

@test "where the distribution has none, or an old one, npm's package is unpacked" {
    mkdir -p package/bin
    printf '#!/bin/sh\necho Bats 1.13.0\n' >package/bin/bats
    chmod +x package/bin/bats
    tar -czf bats-1.13.0.tgz package
    fake apt-get 'exit 100'
    fake npm "cp '$TREE/bats-1.13.0.tgz' ."
    run --separate-stderr fetched_bats --version
    [ "$status" -eq 0 ]
    [ "$output" = "Bats 1.13.0" ]
}

@test "where Bats cannot be fetched, one line says what to install" {
    fake apt-get 'echo a lot of noise; exit 100'
    fake npm 'echo more noise; exit 1'
    run fetched_bats --version
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 2 ]
    [[ ${lines[1]} = *"apt-get install bats"* ]]
    [ "$(compgen -G 'build/bats*')" = "" ]
}

# ---- building ----

# A program that prints WORD.
program() {
    printf '#include <stdio.h>\n\nint\nmain(void)\n{\n    return puts("%s") < 0;\n}\n' "$1"
}

# build [ARGUMENT...]: make all, and what it has made, in $output.
build() {
    run anew make all "$@"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "a program put into a chapter is built without being named anywhere" {
    program hello >chapters/01-one/hello.c
    build
    run build/01-one/hello
    [ "$output" = hello ]
}

@test "a folder in a chapter is one program, of all its files" {
    mkdir chapters/01-one/both
    echo '#define WORD "first"' >chapters/01-one/both/word.h
    printf '#include <stdio.h>\n#include "word.h"\n\nvoid say(void);\n\nvoid\nsay(void)\n{\n    puts(WORD);\n}\n' \
        >chapters/01-one/both/say.c
    printf 'void say(void);\n\nint\nmain(void)\n{\n    say();\n    return 0;\n}\n' >chapters/01-one/both/main.c
    build
    run build/01-one/both
    [ "$output" = first ]

    echo '#define WORD "second"' >chapters/01-one/both/word.h
    build
    run build/01-one/both
    [ "$output" = second ]
}

@test "what has not changed is not built again, and make -n says so" {
    program hello >chapters/01-one/hello.c
    mkdir chapters/01-one/more
    program more >chapters/01-one/more/main.c
    build
    build
    [ "$output" = "make: Nothing to be done for 'all'." ]
    run anew make -n all
    [ "$output" = "make: Nothing to be done for 'all'." ]
}

@test "a changed header of lib/ builds again what includes it, and what is linked with it" {
    program hello >chapters/01-one/hello.c
    sed -i '1i #include "clock.h"' chapters/01-one/hello.c
    build
    touch -d '+1 minute' lib/clock.h
    build
    [[ $output = *"build/lib/libready.a"*"build/01-one/hello"* ]]
}

@test "another compiler, or other flags, build everything again" {
    program hello >chapters/01-one/hello.c
    build
    build CFLAGS=-O0
    [[ $output = *"build/lib/libready.a"*"build/01-one/hello"* ]]
    build CFLAGS=-O0
    [ "$output" = "make: Nothing to be done for 'all'." ]
}

@test "make -j2 builds what make builds" {
    local names
    for name in a b c d; do
        program "$name" >"chapters/01-one/$name.c"
    done
    mkdir chapters/05-five/e
    program e >chapters/05-five/e/main.c
    build
    names=$(find build -type f | sort)
    rm -rf build
    build -j2
    run diff <(find build -type f | sort) <(echo "$names")
    [ "$output" = "> build/bats" ] || [ "$output" = "" ]
}

@test "make all CHAPTER=05 builds the programs of that chapter only, make test those of all" {
    program one >chapters/01-one/one.c
    program five >chapters/05-five/five.c
    build CHAPTER=05
    [ -x build/05-five/five ]
    [ ! -e build/01-one/one ]
    run anew make test CHAPTER=05 # leans on the programs of others
    [ -x build/01-one/one ]
}

@test "a chapter that does not exist is refused, with those that do" {
    run anew make all CHAPTER=77
    [ "$status" -eq 2 ]
    [[ $output = *"there is no chapter 77; there are 01-one 05-five"* ]]
}

@test "build/asan and build/tsan are left alone by the plain build" {
    program hello >chapters/01-one/hello.c
    build
    build BUILD=build/asan SANITIZE=-fsanitize=undefined
    build
    [ "$output" = "make: Nothing to be done for 'all'." ]
}

# ---- help, bench, doctor ----

@test "make alone tells what to do first, every target, and every chapter with its question" {
    printf '| chapter | q |\n|---|---|\n| [01-one](01-one.md) | What is one? | 3 |\n' >book/README.md
    run anew make
    [ "$status" -eq 0 ]
    [[ ${lines[1]} = *"make demo"*"make test"* ]]
    [[ $output = *"make start"*"make next"*"Workshop:"*" asan "*"01-one"*"What is one?"* ]]
    local target
    while read -r target; do
        [ "$target" = help ] || [[ $output = *"make $target "* || ${output#*Workshop:} = *" $target"* ]]
    done < <(sed -n 's/^\([a-z-]*\):.* ## .*/\1/p' Makefile)
}

@test "make tells what there is to do within 22 lines, before the chapters, and in 78 columns" {
    cd "$TOP"
    run anew make
    [ "$(wc -l <<<"${output%%$'\n'00-sockets*}")" -le 22 ]
    local line
    for line in "${lines[@]}"; do
        [ "${#line}" -le 78 ]
    done
}

@test "what the README names is there, and every chapter is named in it" {
    cd "$TOP"
    local path chapter
    while read -r path; do
        echo "$path"
        [ -e "$path" ]
    done < <(
        grep -o '](.[^)]*)' README.md | sed 's/](//; s/)//'
        awk -F'|' -v folders="chapters exercises tests" '/^\| [0-9]/ {
            split(folders, folder, " ")
            for (i = 1; i <= 3; i++)
                if (split($(i + 3), name, "`") > 1)
                    print folder[i] "/" name[2]
        }' README.md
    )
    for chapter in chapters/*/; do
        grep -qF "\`$(basename "$chapter")/\`" README.md
    done
}

@test "lib/README.md names every header, and the core keeps to its 400 lines of code" {
    cd "$TOP/lib"
    run diff <(printf '%s\n' *.h | grep -v _inside) <(grep -o '^| `[a-z_]*\.h`' README.md | tr -d '|` ' | sort)
    echo "$output"
    [ "$status" -eq 0 ]
    local code
    code=$(cat {error,args,net,io,clock}.[ch] | awk '
        /^ *\/\*/ { comment = 1 }
        !comment && NF { n++ }
        /\*\// { comment = 0 }
        END { print n }')
    echo "$code lines"
    [ "$code" -lt 400 ]
}

@test "make bench runs a chapter's measurements, or says that there are none" {
    part chapters/05-five/bench 'echo measured'
    run anew make bench
    [ "$status" -eq 0 ]
    [[ $output = *"01-one has no measurements"*"measured"* ]]
}

@test "make doctor is content with a machine that can build the book" {
    run anew make doctor
    [ "$status" -eq 0 ]
    [[ $output = *"  ok  gcc "*"  ok  make "*"io_uring"*"IPv6 loopback"* ]]
}

@test "make doctor names a needed program that is missing, and how to install it" {
    run anew PATH="$(path_without gcc)" make doctor
    [ "$status" -eq 2 ]
    [[ $output = *"  NO  gcc "*"apt-get install build-essential"* ]]
}

@test "make doctor names an optional program that is missing, and goes on" {
    run anew PATH="$(path_without strace clang)" make doctor
    [ "$status" -eq 0 ]
    [[ $output = *"  --  strace "*"apt-get install strace"* ]]
    [[ $output = *"  no  ThreadSanitizer "*"there is no clang"* ]]
}

# ---- lint ----

# A handler that calls printf, which clang-tidy does not let pass.
careless_program() {
    cat <<'END'
#include <signal.h>
#include <stdio.h>

static void
on_signal(int number)
{
    printf("%d", number);
}

int
main(void)
{
    signal(SIGINT, on_signal);
    return 0;
}
END
}

@test "lint has nothing to say about these tools themselves, nor about an exhibit" {
    careless_program >chapters/01-one/bad-one.c
    run anew make lint
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(last_line)" = "8 passed, 0 failed" ] || [[ $(last_line) = *skipped ]]
}

@test "lint finds what is wrong, says where, and fails" {
    for tool in shellcheck clang-format clang-tidy; do
        command -v $tool || skip "$tool is not installed"
    done
    rm -r {tests,lib}/tools/[bdt]* tests/lib # what nothing is wrong with
    part lib/tools/one 'rm $1'
    printf '@test "a" {\n    sleep 1\n}\n' >tests/01-one.bats
    careless_program >chapters/01-one/one.c
    echo 'int main(void) { return 0; }' >chapters/01-one/two.c
    printf '#pragma once\n\nsize_t length(void);\n' >lib/length.h
    touch chapters/01-one/one.h
    sed -i '1i #include "../chapters/01-one/one.h"\n' lib/clock.c
    part lib/tools/two "true # TO""DO: more"
    echo 'see /home/''ann/notes' >book/01-one.md
    run anew make lint
    echo "$output"
    [ "$status" -eq 2 ]
    [[ $output = *"lib/tools/one:2:"*SC2086*"not ok 1"* ]]
    [[ $output = *"tests/01-one.bats:2: "*"not ok 2"* ]]
    [[ $output = *"chapters/01-one/one.c:7:"*asynchronous-safe*"not ok 3"* ]]
    [[ $output = *"chapters/01-one/two.c:1:"*clang-format*"not ok 4"* ]]
    [[ $output = *"lib/length.h:3:"*size_t*"not ok 5"* ]]
    [[ $output = *"lib/clock.c:1:"*"not ok 6"* ]]
    [[ $output = *"lib/tools/two:2:"*"not ok 7"* ]]
    [[ $output = *"book/01-one.md:1:"*"not ok 8"* ]]
    [[ $output = *"0 passed, 8 failed"* ]]
}

@test "lint skips what it has no tool for, and with NO_SKIP=1 fails" {
    run anew PATH="$(path_without shellcheck clang-tidy)" make lint
    [ "$status" -eq 0 ]
    [[ $output = *"# skip shellcheck is not installed"* ]]
    [[ $(last_line) = "6 passed, 0 failed, 2 skipped" || $(last_line) = *"3 skipped" ]]
    run anew PATH="$BATS_TEST_TMPDIR/bin" make lint NO_SKIP=1
    [ "$status" -eq 2 ]
    [[ $output = *"not ok 1 "* ]]
}

# habits: the script on standard input, as a file of tests, has these bad habits: in line N, WORDS.
habits() {
    sed "s/^_test/@test/" >tests/01-one.bats # Bats rewrites each @test that it sees
    run awk -f tests/tools/lint.awk tests/01-one.bats
    echo "$output"
    [ "${#lines[@]}" -eq $(($# / 2)) ]
    local i=0
    while (($#)); do
        [[ ${lines[i]} = "tests/01-one.bats:$1: "*"$2"* ]]
        i=$((i + 1))
        shift 2
    done
}

@test "! before a command in a test is a bad habit; after if, or in a function, it is none" {
    habits 2 'run !' 3 'run !' <<'END'
_test "a" {
    ! false
    true && ! false
    run ! false
    if ! true; then false; fi
    [[ ! $x ]]
}
is_not() {
    ! "$@"
}
END
}

@test "a program before a pipe in a test is a bad habit, what writes a text is none" {
    habits 4 'before a pipe' 5 'before a pipe' 6 'before a pipe' <<'END'
_test "a" {
    printf a | cat
    x="$(talk | b)" || c
    talk a | cat
    "$BUILD/x" | cat
    printf a | build/x 3 | cat
    sed 1d x | cat
    [[ $x || $y ]]
    case $x in
    talk | make) ;;
    esac
}
END
}

@test "an assignment from a command after local is a bad habit, a number is none" {
    habits 2 'behind local' 3 'behind local' <<'END'
f() {
    local a=1 b="$(date)"
    export A B=$(date)
    local x y=$((1 + 2)) z
    z=$(date)
}
END
}

@test "to sleep in a test, and to end processes by their name, are bad habits" {
    habits 2 poll_until 7 'by its id' <<'END'
_test "a" {
    sleep 1
    run bash -c "sleep 1; killall x"
    # killall
    x='
    sleep 1' y=\' # sleep 1
    pkill -f server
}
END
}

@test "what stands in a here-document, in quotes or in a comment is nobody's habit" {
    habits <<'END'
_test "a" {
    cat <<STOP
! false
    sleep 1
STOP
    talk <<<'A connect
             ! B | C
    sleep 3'
    echo "${x#y} $(a "b | c" | d)" # ! x
}
END
}
