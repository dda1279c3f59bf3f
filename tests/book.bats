# The tools that keep the text true, each on a small book of its own: what is right is accepted,
# and every kind of mistake is refused with a message that says where it is and what it is.

# shellcheck disable=SC2016,SC2030,SC2031 # patterns and samples hold $ and `; Bats tests are subshells
load lib/servers

setup() {
    note_own_lines
    export BOOK_ROOT=$BATS_TEST_TMPDIR/sample NO_SKIP='' CHAPTER=''
    ASAN_OPTIONS+=:verify_asan_link_order=0 # for the line-buffering that transcripts preload
    text=$BOOK_ROOT/book/01-blocking.md
    mkdir -p "$BOOK_ROOT"/{book/figures,lib,tests,chapters/01-blocking}
    mkdir -p "$BOOK_ROOT/exercises/01-blocking/2-write-all"
    ln -s "$BUILD" "$BOOK_ROOT/build"
    printf 'demo: all\n\techo\ntest:\n' >"$BOOK_ROOT/Makefile"
    printf 'term\t中文\tchapter\n' >"$BOOK_ROOT/book/terms.tsv"
    echo '<svg/>' >"$BOOK_ROOT/book/figures/lanes.svg"
    program echo.c 'Breaks: bad-echo.c' 'return 2 * number;'
    program bad-echo.c 'Twin:   echo.c' 'return 3 * number;'
}

# program NAME HEADER-LINE STATEMENT
program() {
    cat >"$BOOK_ROOT/chapters/01-blocking/$1" <<END
/*
 * $1 - a sample
 *
 * $2
 * Book:   01-blocking, "One at a time"
 */
static int
twice(int number)
{
    while (number < 0) {
        number++;
    }
    $3
}

int
main(void)
{
    return twice(21);
}
END
}

# text: the chapter, from standard input. Its fences are written ''' here.
text() {
    sed "s/^'''/\`\`\`/" >"$text"
}

tool() {
    env -u BUILD "$TOP/book/tools/$1" "${@:2}"
}

# accepts TOOL: it finds nothing wrong with the chapter.
accepts() {
    run tool "$1" book/01-blocking.md
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output = "ok - book/01-blocking.md: "* ]]
}

# refuses TOOL MESSAGE...: it says so, and says nothing else of the chapter.
refuses() {
    local message
    PRINTED_WITHIN=0 run tool "$1" book/01-blocking.md # who has returned here has printed all
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output = *"not ok - book/01-blocking.md: "* ]]
    for message in "${@:2}"; do
        [[ $output = *"# book/01-blocking.md:$message"* ]]
    done
    [ "$(grep -c '^# [^ ]' <<<"$output")" -eq $(($# - 1)) ]
}

# ---- listings ----

# The diff that the text owes to the exhibit of the sample.
EXHIBIT="<!-- diff: chapters/01-blocking/bad-echo.c chapters/01-blocking/echo.c -->
'''diff
--- chapters/01-blocking/bad-echo.c
+++ chapters/01-blocking/echo.c
@@ twice @@
         number++;
     }
-    return 3 * number;
+    return 2 * number;
 }
 
'''"

@test "listings of every kind that agree with the program are accepted" {
    printf '/*\n * io.h - a header\n */\n#pragma once\n\nenum state {\n    OPEN,\n    SHUT,\n};\n' \
        >"$BOOK_ROOT/lib/io.h"
    printf '# help.bash\nhelp() {\n    echo\n}\n' >"$BOOK_ROOT/lib/help.bash"
    text <<END
<!-- listing: chapters/01-blocking/echo.c main -->
'''c
int
main(void)
{
    return twice(21);
}
'''

<!-- listing: lib/io.h enum state -->
'''c
enum state {
    OPEN,
    SHUT,
};
'''

<!-- listing: lib/io.h -->
'''c
#pragma once

enum state {
    OPEN,
    SHUT,
};
'''

<!-- listing: lib/help.bash help -->
'''sh
help() {
    echo
}
'''

<!-- listing: chapters/01-blocking/echo.c twice from "while (" to "}" -->
'''c
    while (number < 0) {
        number++;
    }
'''

<!-- listing: chapters/01-blocking/echo.c twice from "number" to "number" -->
'''c
twice(int number)
{
    while (number < 0) {
'''

<!-- listing: lib/io.h from "OPEN" to "SHUT" -->
'''c
    OPEN,
    SHUT,
'''

<!-- not from a program -->
'''c
one();
two();
three();
four();
'''

'''c
three lines, as in
a sentence, need no
marker
'''
$EXHIBIT
END
    accepts listings
    [[ $output = *"(8)" ]]
}

@test "a listing that differs from the program is refused with a diff and the way to mend it" {
    text <<END
Text.

<!-- listing: chapters/01-blocking/echo.c main -->
'''c
int
main(void)
{
    return twice(22);
}
'''
$EXHIBIT
END
    refuses listings "3: listing: chapters/01-blocking/echo.c main: the text differs from the program"
    [[ $output = *"make book-sync"* ]]
    [[ $output = *"-    return twice(22);"*"+    return twice(21);"* ]]
}

@test "a listing with a line too few or too many is refused" {
    text <<END
<!-- listing: chapters/01-blocking/echo.c main -->
'''c
int
main(void)
{
    return twice(21);
'''
<!-- listing: chapters/01-blocking/echo.c main -->
'''c
int
main(void)
{
    return twice(21);
}

'''
$EXHIBIT
END
    refuses listings "1: listing: " "8: listing: "
}

@test "a marker that names what is not there is refused, and told which part of it" {
    text <<END
<!-- listing: chapters/01-blocking/ecco.c main -->
'''c
'''
<!-- listing: chapters/01-blocking/echo.c thrice -->
'''c
'''
<!-- listing: chapters/01-blocking/echo.c enum state -->
'''c
'''
<!-- listing: chapters/01-blocking/echo.c main from "while (" to "}" -->
'''c
'''
<!-- listing: chapters/01-blocking/echo.c twice from "while (" to "for (" -->
'''c
'''
<!-- listing: chapters/01-blocking/echo.c twice from "while (" -->
'''c
'''
$EXHIBIT
END
    refuses listings \
        "1: listing: chapters/01-blocking/ecco.c main: there is no file chapters/01-blocking/ecco.c" \
        "4: listing: chapters/01-blocking/echo.c thrice: there is no function thrice in that file" \
        "7: listing: chapters/01-blocking/echo.c enum state: there is no enum state in that file" \
        '10: listing: chapters/01-blocking/echo.c main from "while (" to "}": no line there contains "while ("' \
        '13: listing: chapters/01-blocking/echo.c twice from "while (" to "for (": no line after "while (" contains "for ("' \
        '16: listing: chapters/01-blocking/echo.c twice from "while (": say from "TEXT" to "TEXT"'
}

@test "a marker that stands above no fence, or cannot be read, is refused" {
    text <<END
<!-- listing: chapters/01-blocking/echo.c main -->

'''c
'''
<!-- not from a program -->
Text.

<!-- listing chapters/01-blocking/echo.c -->
'''c
'''
$EXHIBIT
END
    refuses listings \
        "1: <!-- listing: chapters/01-blocking/echo.c main --> must stand directly above a fence" \
        "5: <!-- not from a program --> must stand directly above a fence" \
        "8: cannot read this marker: <!-- listing chapters/01-blocking/echo.c -->"
}

@test "C of four lines, and a diff, without a marker are refused" {
    text <<END
'''c
one();
two();
three();
four();
'''
'''diff
-one();
+two();
-three();
+four();
'''
$EXHIBIT
END
    refuses listings "1: this code has no marker" "7: this code has no marker"
}

@test "a fence that is never closed is refused" {
    text <<END
$EXHIBIT

'''c
one();
END
    refuses listings "14: this fence is never closed"
}

@test "an exhibit whose diff is not in the text is refused, and so is one that differs too much" {
    program bad-long.c 'Twin:   echo.c' "$(seq 1 30)"
    text <<END
<!-- diff: chapters/01-blocking/bad-long.c chapters/01-blocking/echo.c -->
'''diff
'''
<!-- diff: chapters/01-blocking/echo.c chapters/01-blocking/echo.c -->
'''diff
'''
END
    refuses listings \
        " the text lacks <!-- diff: chapters/01-blocking/bad-echo.c chapters/01-blocking/echo.c -->" \
        "1: diff: chapters/01-blocking/bad-long.c chapters/01-blocking/echo.c: the diff has 31 lines" \
        "4: diff: chapters/01-blocking/echo.c chapters/01-blocking/echo.c: the two files do not differ"
}

@test "the diff from one step to the next may be longer than that of an exhibit" {
    program step.c 'Run:    echo' "$(seq 1 30)"
    text <<END
$EXHIBIT

<!-- diff: chapters/01-blocking/step.c chapters/01-blocking/echo.c -->
'''diff
'''
END
    tool listings --write book/01-blocking.md
    accepts listings
    [ "$(grep -c '^-[ 0-9]' "$text")" -gt 30 ]
}

@test "--write fills and mends listings and leaves all else as it was" {
    text <<END
Text.

<!-- listing: chapters/01-blocking/echo.c main -->
'''c
'''
<!-- listing: chapters/01-blocking/echo.c thrice -->
'''c
is kept
'''
<!-- diff: chapters/01-blocking/bad-echo.c chapters/01-blocking/echo.c -->
'''diff
old
'''

The end
END
    run tool listings --write book/01-blocking.md
    [ "$status" -eq 1 ] # thrice
    sed "s/^'''/\`\`\`/" >"$BATS_TEST_TMPDIR/wanted" <<END
Text.

<!-- listing: chapters/01-blocking/echo.c main -->
'''c
int
main(void)
{
    return twice(21);
}
'''
<!-- listing: chapters/01-blocking/echo.c thrice -->
'''c
is kept
'''
$EXHIBIT

The end
END
    diff "$BATS_TEST_TMPDIR/wanted" "$text"
}

# ---- transcripts ----

@test "a transcript that comes out as printed is accepted" {
    text <<'END'
'''console
$ printf 'one two\nthree\n\nfour (five) [a-z] *\n'
one two
three

four (five) [a-z] *
$ printf 'it took %d ms\n' $RANDOM; seq 1 1000
it took … ms
…
1000
$ cat <<STOP
> several
> lines
> STOP
several
lines
$ printf '> %s\n' one
> one
$ x=7
$ echo $x; pwd | sed 's|.*/||'
7
sample
$ no-such-program
bash: no-such-program: command not found
$ sh -c 'kill -SEGV $$'
Segmentation fault
$ mkfifo said
$ (read -r <said; echo late) &
$ echo soon; echo >said
soon
late
'''

'''console
$ echo "$x" $? >&2
 0
'''
END
    sed -i 's/^soon$/&  /' "$text" # blanks at the end of a line do not count
    accepts transcripts
    [[ $output = *"(2)" ]]
}

@test "a transcript that prints something else is refused with what was expected and what came" {
    text <<'END'
'''console
$ echo one
one
$ echo two
three
$ touch was-run
'''
END
    refuses transcripts '5: after `echo two`'
    [[ $output = *"expected: three"*"got:      two"* ]]
    [ ! -e "$BOOK_ROOT/was-run" ]
}

@test "a transcript that comes out as printed only when nothing else runs is accepted" {
    text <<'END'
'''console
$ touch "run-$(ls -d run-* 2>/dev/null | wc -l)"; ls -d run-* | wc -l
2
'''
END
    accepts transcripts
}

@test "a line too many and a line too few are refused" {
    text <<'END'
'''console
$ seq 1 3
1
2
'''

'''console
$ seq 1 3
1
2
3
4
'''

'''console
$ seq 1 3
1
…
4
'''

'''console
$ true
$ echo noise
'''
END
    refuses transcripts '2: after `seq 1 3`' '12: after `seq 1 3`' '19: after `seq 1 3`' \
        '24: after `echo noise`'
    [[ $output = *"expected: (nothing more)"*"got:      3"*"expected: 4"*"got:      (nothing more)"* ]]
}

@test "… stands for something within a line, not for a line end, and all else for itself" {
    text <<'END'
'''console
$ printf 'a b\nc\n'
a…c
'''

'''console
$ echo abc
a?c
'''

'''console
$ echo abc
[a]bc
'''
END
    refuses transcripts '3: after' '8: after' '13: after'
}

@test "figures may differ in a block of figures, and nothing else may" {
    text <<'END'
'''console figures
$ echo '  1,234 requests, 12 us,   3.5 % of them'
  99 requests, 1.25 ms, 4 % of them
'''

'''console figures
$ echo '12 us, 3 clients'
1.25 ms, 4 servers
'''

'''console figures
$ echo '12 us'
none
'''

'''console
$ echo 12
13
'''
END
    refuses transcripts '8: after' '13: after' '18: after'
}

@test "a transcript that shows nothing but …, or begins without a command, is refused" {
    text <<'END'
'''console
$ seq 1 3
…
'''

'''console
hello
$ echo
'''

'''console something
$ true
'''
END
    refuses transcripts '1: "…" is all that this transcript shows' \
        '6: a transcript begins with a command ("$ ")' \
        '11: this fence is "console" or "console figures", not "console something"'
}

@test "a command that does not return is refused, and is ended" {
    text <<'END'
'''console
$ echo $BASHPID >pid; exec sleep 1000
'''
END
    RETURNS_WITHIN=2 refuses transcripts '2: does not return: echo $BASHPID >pid; exec sleep 1000'
    gone "$(<"$BOOK_ROOT/pid")"
}

@test "ports 8000 to 8009 are exchanged for free ones, and back" {
    text <<'END'
'''console
$ build/01-blocking/one-at-a-time -p 8003 &
listening on 127.0.0.1:8003
$ tr '\0' ' ' </proc/$!/cmdline >as-run; grep -o ':1F43 .* 0A ' /proc/net/tcp
:1F43 00000000:0000 0A
$ echo 18003 80030
18003 80030
'''
END
    accepts transcripts
    run cat "$BOOK_ROOT/as-run"
    [[ $output =~ 'one-at-a-time -p '[2-7][0-9][0-9]3' ' ]]
}

@test "what a transcript leaves running is ended, even in a session of its own" {
    text <<'END'
'''console
$ setsid sleep 1000 & echo $! >pid
$ (setsid sleep 1000 & echo $! >pid2)
$ sleep 1000 &
'''
END
    accepts transcripts
    gone "$(<"$BOOK_ROOT/pid")"
    gone "$(<"$BOOK_ROOT/pid2")"
}

@test "a command finds three descriptors, no standard input, and SIGINT as in a terminal" {
    text <<'END'
'''console
$ sh -c 'for fd in 3 4 5 6 7 8 9 10 11 12; do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done'
$ cat
$ sleep 1000 &
$ kill -INT %1; wait %1; echo $?
130
'''
END
    accepts transcripts
}

@test "a transcript that needs a missing tool is skipped with its reason; with NO_SKIP=1 refused" {
    export MAY_BE_MISSING="no-such-tool"
    text <<'END'
'''console
$ echo | no-such-tool -v
hello
'''
END
    run tool transcripts book/01-blocking.md
    [ "$status" -eq 0 ]
    [[ $output = *"ok - book/01-blocking.md:1: a transcript # SKIP no-such-tool is not installed"* ]]
    NO_SKIP=1 refuses transcripts "1: no-such-tool is not installed"
}

# ---- links ----

# A text that names all that it must.
named() {
    cat <<'END'
# 01-blocking: What can one read say?

`echo` and `bad-echo`.

### One at a time

END
}

@test "links, paths, programs and commands that lead somewhere are accepted" {
    printf '01/2\t01-blocking/2-write-all\tr\t10\t-\tx.c\t01-blocking "One at a time"\n' \
        >"$BOOK_ROOT/exercises/manifest.tsv"
    echo '/* see chapter 01, "One at a time" */' >"$BOOK_ROOT/lib/io.h"
    echo '## A question, asked twice?' >"$BOOK_ROOT/book/00-sockets.md"
    {
        named
        cat <<'END'
See [there](00-sockets.md#a-question-asked-twice), [here](#one-at-a-time), [again](#again--again),
[twice](#again--again-1), [`echo.c`](../chapters/01-blocking/echo.c), [all](../chapters/01-blocking/),
[the web](https://example.org/x); ![lanes](figures/lanes.svg "Lanes"). `echo.c`, `chapters/…/echo.c`,
`build/01-blocking/echo -p 8000`, `lib/*.h`, `make test EX=01/2`, `make -j4 demo CHAPTER=01`,
`work/01-blocking/2-write-all/`, `make demo MODELS="mine epoll"`, `chapters/NN-name/`, ``a ` tick``.

## Again & again
## Again & again

## Real world

`nginx.c` is not ours.
END
    } | text
    accepts links
}

@test "a dead link, anchor or image is refused" {
    echo '## There' >"$BOOK_ROOT/book/00-sockets.md"
    {
        named
        cat <<'END'
[a](00-socket.md), [b](00-sockets.md#here),
[c](#one-by-one), ![d](figures/lane.svg), [e](../../elsewhere), [f](../build/01-blocking/echo)

[ref]: nowhere.md
END
    } | text
    refuses links '7: the link 00-socket.md leads to no file' \
        '7: the link 00-sockets.md#here leads to no heading of book/00-sockets.md' \
        '8: the link #one-by-one leads to no heading of book/01-blocking.md' \
        '8: the link figures/lane.svg leads to no file' \
        '8: the link ../../elsewhere leads out of the project' \
        '8: the link ../build/01-blocking/echo leads out of the project, or to what is made anew' \
        '10: the link nowhere.md leads to no file'
}

@test "a path, program, target, exercise or chapter that is not there is refused" {
    {
        named
        cat <<'END'
`chapters/01-blocking/foo.c`, `build/01-blocking/foo -p 8000`, `build/lib/foo`, `work/01-blocking/9-x/`,
`foo.c`, `make tests`, `make demo CHAPTER=17`, `make demo EX=01/7`

'''sh
make nothing
'''

'''console
$ tests/foo
'''
END
    } | text
    refuses links '7: `chapters/01-blocking/foo.c`: there is no chapters/01-blocking/foo.c' \
        '7: `build/01-blocking/foo`: there is no chapters/01-blocking/foo.c or chapters/01-blocking/foo' \
        '7: `build/lib/foo`: there is no lib/tools/foo.c' \
        '7: `work/01-blocking/9-x/`: there is no exercises/01-blocking/9-x' \
        '8: `foo.c`: there is no such file in the project' \
        '8: `make tests`: the Makefile has no such target' \
        '8: `CHAPTER=17`: there is no such chapter' \
        '8: `EX=01/7`: there is no such exercise' \
        '11: `make nothing`: the Makefile has no such target' \
        '15: `tests/foo`: there is no tests/foo'
}

@test "a program that its text does not name is refused" {
    named | sed 's/ and .bad-echo.//' | text
    refuses links '1: the program chapters/01-blocking/bad-echo.c is not named'
}

# refuses_elsewhere MESSAGE: the mistake is in another file that names the text.
refuses_elsewhere() {
    run tool links book/01-blocking.md
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output = *"not ok - book/01-blocking.md: "*$'\n'"# $1"* ]]
}

@test "a program whose header names no section, or none that is there, is refused" {
    named | text
    sed -i 's/One at a time/Two at a time/' "$BOOK_ROOT/chapters/01-blocking/echo.c"
    refuses_elsewhere 'chapters/01-blocking/echo.c:1: book/01-blocking.md has no section "Two at a time"'
    sed -i '/Book:/d' "$BOOK_ROOT/chapters/01-blocking/echo.c"
    refuses_elsewhere 'chapters/01-blocking/echo.c:1: its header must name its section'
}

@test "a header that names a missing exhibit or no twin is refused" {
    named | text
    sed -i 's/Breaks: .*/Breaks: bad-ecco.c/' "$BOOK_ROOT/chapters/01-blocking/echo.c"
    refuses_elsewhere 'chapters/01-blocking/echo.c:1: its header names chapters/01-blocking/bad-ecco.c, which is not there'
    sed -i 's/Breaks: .*/Breaks: bad-echo.c/' "$BOOK_ROOT/chapters/01-blocking/echo.c"
    sed -i '/Twin:/d' "$BOOK_ROOT/chapters/01-blocking/bad-echo.c"
    refuses_elsewhere 'chapters/01-blocking/bad-echo.c:1: the header of an exhibit names its right twin'
}

@test "a comment or a manifest that names a section that is not there is refused" {
    named | text
    echo '/* see chapter 01, "Stopping" */' >"$BOOK_ROOT/lib/io.h"
    refuses_elsewhere 'lib/io.h:1: book/01-blocking.md has no section "Stopping"'
    rm "$BOOK_ROOT/lib/io.h"
    printf '01/2\t01-blocking/2-write-all\tr\t1\t-\tx.c\t01-blocking.md, "Short"\n' \
        >"$BOOK_ROOT/exercises/manifest.tsv"
    refuses_elsewhere 'exercises/manifest.tsv:1: book/01-blocking.md has no section "Short"'
}

# ---- terms ----

# term TERM CHAPTER: a row of the table.
term() {
    printf '%s\t词\t%s\n' "$1" "$2" >>"$BOOK_ROOT/book/terms.tsv"
}

@test "terms that are bold once, in their chapter, and not used before are accepted" {
    term 'short write' 01
    term peer 00
    term edge 02
    echo '**Edge**' >"$BOOK_ROOT/book/02-models.md"
    echo 'A **peer**. What a short write is, chapter 01 says.' >"$BOOK_ROOT/book/00-sockets.md"
    text <<'END'
What `read` says and a **short
write** is not a `**bold**` one. Short writes are
common. A peer's [edges](02-models.md) are sharp.

Knowledge is not edge-on, nor is an edgewise one.

'''text
edge **stars**
'''
END
    accepts terms
    [[ $output = *"(1)"* ]]
    run tool terms
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "a bold word that is no term, a term bold twice or elsewhere, and one bold nowhere are refused" {
    term 'short write' 01
    term peer 00
    term listener 01
    echo 'A **peer**.' >"$BOOK_ROOT/book/00-sockets.md"
    text <<'END'
A **short write**, and a **short
write**,
**very** important, a **peer**.
END
    refuses terms '1: "short write" has been defined before, at book/01-blocking.md:1' \
        '1: the term "listener" of book/terms.tsv is defined nowhere' \
        '3: "very" is bold but no term of book/terms.tsv' \
        '3: "peer" is defined here, but book/terms.tsv says chapter 00'
}

@test "a term used before its chapter is refused, also in the plural and across lines" {
    term 'short write' 02
    term edge 02
    echo 'A **short write** has an **edge**.' >"$BOOK_ROOT/book/02-models.md"
    text <<'END'
Text.

Two short
writes.

| a row | with an Edge |
END
    refuses terms '3: "short write" is used before chapter 02 defines it' \
        '6: "edge" is used before chapter 02 defines it'
}

@test "a table of terms with a wrong head, a wrong row, a double or an unwritten chapter is refused" {
    echo 'Text.' | text
    printf 'term\tchapter\npeer\t00\nedge\t边\t1\nloop\t环\t07\nloop\t环\t07\n' \
        >"$BOOK_ROOT/book/terms.tsv"
    run tool terms
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output = *"ok - book/01-blocking.md: "* ]]
    [[ $output = *"# book/terms.tsv:1: the first line must be"* ]]
    [[ $output = *"# book/terms.tsv:2: a row is TERM"* ]]
    [[ $output = *"# book/terms.tsv:3: a row is TERM"* ]]
    [[ $output = *'# book/terms.tsv:5: "loop" stands here twice'* ]]
    [[ $output = *"# book/terms.tsv:4: there is no text of chapter 07"* ]]
}

# ---- shape ----

# chapter [WORDS]: a chapter of the right shape, with so many words.
chapter() {
    local heading
    echo '# 01-blocking: What can one read say?'
    # shellcheck disable=SC2016 # it is Markdown's
    for heading in Question 'Run it' 'See it with `strace`' 'Walk through' 'What goes wrong' \
        'Measure it' 'Real world' Exercises 'Check yourself' 'Further reading'; do
        printf '\n## %s\n\n### A section\n\nText.\n' "$heading"
    done
    echo
    seq -f 'word%g' "${1:-3000}" | paste -sd '          \n'
    echo
}

@test "a chapter of the right shape is accepted" {
    {
        chapter
        printf '\n| a row of a table %0200d |\n\n[ref]: https://example.org/%0200d\n' 1 1
        printf '\n`just` in code; ![Lanes](figures/lanes.svg)\n\n```text\nobviously a transcript\n```\n'
        printf '…%.0s' {1..100} # a hundred characters, more than a hundred bytes
    } | text
    accepts shape
    [[ $output = *" words)" ]]
}

@test "parts in the wrong order, missing, doubled or unknown are refused" {
    chapter | sed '/^## Real world/d; s/^## Exercises/## Homework/; s/^## Measure it/## Run it/' | text
    refuses shape '33: "Run it" comes too late, or again' '44: "Homework" is no part of a chapter' \
        '50: "Measure it" should stand before "Check yourself"' \
        '50: "Real world" should stand before "Check yourself"' \
        '50: "Exercises" should stand before "Check yourself"'
    chapter 3000 | sed '/^## Further/d' | text
    refuses shape '335: "Further reading" is missing'
}

@test "a text without a title, or with a second one, is refused" {
    chapter | sed 1d | text
    refuses shape '2: a text begins with its title'
    chapter | sed 's/^## Exercises/# Exercises\n\n&/' | text
    refuses shape ''
    [[ $output = *": a text begins with its title (# …), and has no other"* ]]
}

@test "a chapter too short or too long is refused, and so is a line" {
    chapter 100 | text
    refuses shape '1: 1'
    [[ $output = *" words; a chapter of this kind has 2500 to 6000"* ]]
    chapter 6000 | text
    refuses shape '1: 60'
    {
        chapter
        printf 'x%.0s' {1..101}
    } | text
    refuses shape ''
    [[ $output = *": this line has 101 characters; 100 are the most"* ]]
}

@test "a picture without words, a fence without a name, Mermaid and words of scorn are refused" {
    {
        chapter | sed '1,/^$/d' | sed '1i # 01-blocking: What can one read say?\n' | sed '$d'
        cat <<'END'

Well done! 😀

It is obviously
simply `just` that.

![](figures/lanes.svg)

'''
fence
'''

'''mermaid
'''

~~~c
END
    } | text
    refuses shape '' '' '' '' '' ''
    [[ $output = *': without "obviously", please'* ]]
    [[ $output = *': no emoji'* ]]
    [[ $output = *': say in the brackets what the image shows'* ]]
    [[ $output = *': say what this fence holds'* ]]
    [[ $output = *': no Mermaid'* ]]
    [[ $output = *': a fence begins with'* ]]
}

# ---- check, and the HTML ----

@test "check numbers what the checkers say, ends with the plan, and fails if one of them does" {
    {
        chapter
        printf '`echo` and `bad-echo`: one at a time.\n\n%s\n' "$EXHIBIT"
    } | sed '0,/### A section/s//### One at a time/' | text
    run tool check
    echo "$output"
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 7 ]
    [[ ${lines[0]} = "ok 1 - book/01-blocking.md: listings agree with the programs (1)" ]]
    [[ ${lines[5]} = "ok 6 - book/01-blocking.md: transcripts "* ]]
    [ "${lines[6]}" = "1..6" ]

    echo '**bold**' >>"$text"
    run tool check
    [ "$status" -eq 1 ]
    [[ $output = *$'\n'"not ok 3 - book/01-blocking.md: terms "*$'\n'"# book/01-blocking.md:"* ]]

    BUILD=build/asan run "$TOP/book/tools/check" # transcripts are the plain build's
    [[ $output != *transcripts* ]]
    [[ $output = *"ok 5 - "* ]]

    CHAPTER=07 run tool check
    [ "$status" -eq 0 ]
    [ "$output" = "1..0 # SKIP chapter 07 has no text yet" ]
}

@test "a checker that breaks down does not count as one that found nothing" {
    local copy=$BATS_TEST_TMPDIR/copy
    named | text
    mkdir -p "$copy/book" "$copy/lib"
    cp -r "$TOP/book/tools" "$copy/book/"
    cp -r "$TOP/lib/tools" "$copy/lib/"
    for broken in listings links terms shape transcripts; do
        cp "$TOP/book/tools/$broken.awk" "$copy/"
        echo 'BEGIN { syntax error' >>"$copy/book/tools/$broken.awk"
        run env -u BUILD "$copy/book/tools/check"
        echo "$output"
        [ "$status" -eq 1 ]
        [[ $output = *"not ok "*" - book/tools/$broken ends with an error"* ]]
        mv "$copy/$broken.awk" "$copy/book/tools/"
    done
}

@test "the HTML has a page for each text and for what it links to, and no dead link" {
    command -v pandoc || command -v lowdown || skip "needs pandoc or lowdown"
    rm "$BOOK_ROOT/build"
    term 'short write' 01
    term "Nagle's I/O" 01
    printf '# How to read this book\n\n[make](../Makefile)\n' >"$BOOK_ROOT/book/README.md"
    {
        named
        cat <<'END'
## Again

A **short
write** under **Nagle's I/O**, [a program](../chapters/01-blocking/echo.c), [a folder](../chapters/01-blocking/),
[the start](README.md#how-to-read-this-book), ![Lanes](figures/lanes.svg)

'''console figures
$ cat <<STOP
> <b>
> STOP
<b>
'''

<!-- listing: chapters/01-blocking/echo.c main -->
'''c
int
'''

| a | b |
|---|---|
| 1 | 2 |
END
    } | text
    run tool html
    echo "$output"
    [ "$status" -eq 0 ]
    cd "$BOOK_ROOT/build/book"
    ls index.html glossary.html style.css figures/lanes.svg
    ls source/chapters/01-blocking.html source/chapters/01-blocking/bad-echo.c.html
    ls source/Makefile.html
    grep 'href="source/chapters/01-blocking/echo.c.html">chapters/01-blocking/echo.c</a>, main' 01-blocking.html
    grep '<pre class="console" tabindex="0"><code><span class="prompt">\$ </span>' 01-blocking.html
    grep '^<span class="prompt">&gt; </span><b>STOP</b>$' 01-blocking.html
    grep '<h3 id="one-at-a-time">' 01-blocking.html
    grep '<strong id="term-short-write">' 01-blocking.html
    grep '<strong id="term-nagles-io">' 01-blocking.html
    grep 'href="01-blocking.html#term-short-write">short write</a>' glossary.html
    grep 'rel="prev" href="index.html"' 01-blocking.html
    grep '<div class="table"' 01-blocking.html
    grep 'href="index.html#how-to-read-this-book"' 01-blocking.html

    printf '\n[dead](#nowhere)\n' >>"$text"
    run tool html
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output =~ ^build/book/01-blocking.html:[0-9]+:\ dead\ link\ \#nowhere$ ]]
}

@test "without pandoc and lowdown make book says in one line what to install" {
    local name tools=$BATS_TEST_TMPDIR/bin
    mkdir "$tools"
    for name in bash env dirname mktemp rm; do
        ln -s "$(command -v "$name")" "$tools/"
    done
    PATH=$tools run "$TOP/book/tools/html"
    [ "$status" -eq 1 ]
    [[ $output = "make book: needs pandoc or lowdown (apt-get install pandoc)"* ]]
    [ "${#lines[@]}" -eq 1 ]
}
