# The machinery of the exercises: start, check, hint, next, progress, solution, grade, prove.
# That each grader is right is not shown here but by `make prove`.
load lib/servers

setup() {
    note_own_lines
    [[ ${COMPILE:-} ]] || skip "COMPILE is not set: run this by make test"
    export WORK=$BATS_TEST_TMPDIR/work NO_COLOR=1 BUILD LIBREADY
    unset STUDENT EX CHAPTER
    PATH=${PATH//"$BATS_LIBEXEC:"/} # a Bats in a Bats finds itself, and not its parts
    cd "$TOP" || return
}

tool() {
    local name=$1
    shift
    "$TOP/tests/tools/$name" "$@"
}

# ---- helpers ----

WHOLE="what one write() takes whole is written by one write()"  # the first test of 01/2
STARTS="it starts, announces itself in one line, and echoes" # and of 01/4

# submit EX FILE: judges a submission that holds FILE, with what comes on standard input in it.
# With ONLY=TEST only that test is run.
submit() {
    local folder
    folder=$(mktemp -d "$BATS_TEST_TMPDIR/submission.XXXXXX")
    cat >"$folder/$2"
    judge "$1" "$folder"
}

judge() {
    RESULT=$BATS_TEST_TMPDIR/result
    rm -f "$RESULT"
    TIME_SCALE=${SHORT:-$TIME_SCALE} tool judge "$1" "$2" "$RESULT" "${ONLY:-}"
}

# earns_nothing OUTCOME TEXT: that outcome, 0 points, and TEXT somewhere in what the reader is told.
earns_nothing() {
    cat "$RESULT"
    [[ $(awk -F'\t' '$1 == "exercise" { print $4, $6 }' "$RESULT") = "0 $1" ]]
    grep -qF -- "$2" "$RESULT"
}

# The solution of 01/4, which also does something else as soon as it has announced itself.
server_that() {
    sed "s|^    announce();|&$1|" solutions/01-blocking/4-mine/mine.c
}

function_that() {
    cat <<END
#include "io.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
enum io_result write_exactly(int fd, const void *buf, size_t len, size_t *put);
enum io_result
write_exactly(int fd, const void *buf, size_t len, size_t *put)
{
    $1
    *put = len;
    return io_result(write(fd, buf, len));
}
END
}

folder_of() { awk -F'\t' -v id="$1" '$1 == id { print $2 }' exercises/manifest.tsv; }

# hand_in FOLDER EX...: our solutions, laid out like work/.
hand_in() {
    local to=$1 id folder
    shift
    for id; do
        folder=$(folder_of "$id")
        mkdir -p "$to/$folder"
        find "solutions/$folder" -maxdepth 1 -type f -exec cp -t "$to/$folder" {} +
    done
}

# lingerer: the path of a program that never ends and that is known by its name.
lingerer() {
    cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/lingerer"
    echo "$BATS_TEST_TMPDIR/lingerer infinity"
}

nobody_lingers() {
    run ! pgrep -f "$BATS_TEST_TMPDIR/lingerer"
}

# ---- the cage ----

@test "the cage returns the status of its command" {
    run -7 "$BUILD/tests/cage" sh -c 'exit 7'
    run -139 "$BUILD/tests/cage" sh -c 'kill -SEGV $$'
}

@test "the cage ends what does not end, and whatever that has started" {
    run -124 "$BUILD/tests/cage" -t 1 -r "$BATS_TEST_TMPDIR/report" \
        sh -c "setsid $(lingerer) & $(lingerer)"
    [ "$(<"$BATS_TEST_TMPDIR/report")" = timed-out ]
    nobody_lingers
}

@test "the cage leaves nothing running when its command has ended" {
    run -0 "$BUILD/tests/cage" -r "$BATS_TEST_TMPDIR/report" \
        sh -c "setsid sh -c '$(lingerer); :' >/dev/null 2>&1 &"
    [ "$(<"$BATS_TEST_TMPDIR/report")" = "left-behind 2 sh lingerer" ] ||
        [ "$(<"$BATS_TEST_TMPDIR/report")" = "left-behind 2 lingerer sh" ]
    nobody_lingers
}

@test "the cage stops a command that has too many children" {
    run -124 "$BUILD/tests/cage" -t 20 -n 100 -r "$BATS_TEST_TMPDIR/report" \
        bash -c "for i in {1..300}; do $(lingerer) & done; wait"
    [ "$(<"$BATS_TEST_TMPDIR/report")" = too-many ]
    nobody_lingers
}

# ---- hostile and lazy submissions ----

@test "a function: an empty file does not compile" {
    submit 01/2 write-all.c </dev/null
    earns_nothing does-not-compile "undefined reference to \`write_exactly'"
}

@test "a function: the compiler's first error is told, by file and line" {
    submit 01/2 write-all.c <<<'int x = ;'
    earns_nothing does-not-compile "write-all.c:1:9: error:"
}

@test "a function: one that never returns is timed out" {
    SHORT=0.2 ONLY=$WHOLE submit 01/2 write-all.c < <(function_that 'pause();')
    earns_nothing timed-out "still running"
}

@test "a function: one that crashes is told its signal" {
    ONLY=$WHOLE submit 01/2 write-all.c \
        < <(function_that 'raise(SIGTRAP);' | sed '1i #include <signal.h>')
    earns_nothing crashed SIGTRAP
}

@test "a function: one that prints a megabyte earns nothing" {
    ONLY=$WHOLE submit 01/2 write-all.c \
        < <(function_that 'for (int i = 0; i < 100000; i++) puts("0123456789");')
    earns_nothing failed "printed without end"
}

@test "a function: exit(0) is not the same as passing" {
    ONLY=$WHOLE submit 01/2 write-all.c < <(function_that 'exit(0);')
    earns_nothing failed "ended the whole program, with status 0"
}

@test "a function: one that leaves a child behind earns nothing" {
    ONLY=$WHOLE submit 01/2 write-all.c < <(function_that 'if (fork() == 0) { setsid(); pause(); }')
    earns_nothing failed "left behind: write-all"
}

@test "a function: what it prints is no result" {
    ONLY=$WHOLE submit 01/2 write-all.c < <(function_that \
        'puts("1..1\nok 1 what one write() takes whole is written by one write()\nheld"); exit(0);')
    earns_nothing failed "ended the whole program"
}

@test "a server: an empty file does not compile" {
    submit 01/4 mine.c </dev/null
    earns_nothing does-not-compile "undefined reference to \`main'"
}

@test "a server: one that never announces itself is timed out" {
    SHORT=0.1 ONLY=$STARTS submit 01/4 mine.c <<<'#include <unistd.h>
        int main(void) { return pause(); }'
    earns_nothing timed-out "has not announced itself"
}

@test "a server: one that crashes at the start is told its signal" {
    ONLY=$STARTS submit 01/4 mine.c <<<'#include <stdlib.h>
        int main(void) { abort(); }'
    earns_nothing crashed SIGABRT
}

@test "a server: one that crashes at the first peer is told its signal" {
    ONLY=$STARTS submit 01/4 mine.c < <(
        sed 's|^        echo_until_end();|        raise(SIGTRAP);|' \
            solutions/01-blocking/4-mine/mine.c
    )
    earns_nothing crashed SIGTRAP
}

@test "a server: one that prints a megabyte earns nothing" {
    ONLY=$STARTS submit 01/4 mine.c \
        < <(server_that 'for (int i = 0; i < 100000; i++) puts("0123456789");')
    earns_nothing failed "got: its stdout: listening on 127.0.0.1:"
}

@test "a server: exit(0) is not the same as serving" {
    ONLY=$STARTS submit 01/4 mine.c <<<'int main(void) { return 0; }'
    earns_nothing failed "it has ended, with status 0"
}

@test "a server: one that leaves a child behind earns nothing, and the child is ended" {
    ONLY=$STARTS submit 01/4 mine.c < <(server_that \
        "if (fork() == 0) { setsid(); execl(\"$(lingerer | cut -d ' ' -f 1)\", \"lingerer\", \"infinity\", NULL); }")
    earns_nothing failed "ran on after the tests: lingerer"
    nobody_lingers
}

@test "a server: results that are written past it do not count" {
    # It finds Bats' stdout and adds what it would like to be true.
    ONLY="a million bytes, zeros among them, come back as they were sent" \
        submit 01/4 mine.c <<<'#include <stdio.h>
        #include <unistd.h>
        int main(void) {
            char path[64];
            for (int pid = getppid(), fd = 0; fd < 20; fd++) {
                snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
                FILE *f = fopen(path, "a");
                if (f) { fputs("ok 1 a million bytes, zeros among them, come back as they were sent\n", f); fclose(f); }
            }
            return 0;
        }'
    cat "$RESULT"
    [[ $(awk -F'\t' '$1 == "exercise" { print $4 }' "$RESULT") = 0 ]]
}

@test "what is no regular file is not read, and not waited for" {
    local folder=$BATS_TEST_TMPDIR/odd
    mkdir "$folder"
    mkfifo "$folder/write-all.c"
    judge 01/2 "$folder"
    earns_nothing missing "not a regular file"
    rm "$folder/write-all.c"
    ln -s "$TOP/solutions/01-blocking/2-write-all/write-all.c" "$folder/write-all.c"
    judge 01/2 "$folder"
    earns_nothing missing "not a regular file"
    rm "$folder/write-all.c"
    head -c 300000 /dev/zero >"$folder/write-all.c"
    judge 01/2 "$folder"
    earns_nothing missing "larger than"
}

@test "other files of a submission are not used" {
    local folder=$BATS_TEST_TMPDIR/more
    mkdir "$folder"
    cp solutions/01-blocking/2-write-all/write-all.c "$folder"
    echo '#error "used"' | tee "$folder/other.c" >"$folder/io.h"
    ONLY=$WHOLE judge 01/2 "$folder"
    grep -q $'\tpassed\t$' "$RESULT"
}

@test "what this machine cannot grade is out of the count" {
    local book=$BATS_TEST_TMPDIR/book
    copy_of_the_book "$book" 01/2
    sed -i $'s|\trepair\t10\t-\t|\trepair\t10\tipv6\t|' "$book/exercises/manifest.tsv"
    sed -i 's|/proc/net/if_inet6|/nonexistent|' "$book/tests/tools/judge"
    TOP=$book judge 01/2 solutions/01-blocking/2-write-all
    grep -q $'^exercise\t01/2\t[0-9a-f]*\t0\t0\tnot-gradable\tthis machine has no ipv6$' "$RESULT"
}

# ---- start ----

@test "start puts task, starter and a Makefile into a git repository of the reader's own" {
    run -0 tool start 01/2
    cd "$WORK/01-blocking/2-write-all"
    cmp write-all.c "$TOP/exercises/01-blocking/2-write-all/write-all.c"
    cmp README.md "$TOP/exercises/01-blocking/2-write-all/README.md"
    [ -e Makefile ]
    [ ! -e hints ]
    run ! grep -E '[= ]/' Makefile # nothing absolute
    [ "$(git rev-parse --show-toplevel)" = "$WORK" ]
    [ -z "$(git status --porcelain)" ]
}

@test "start commits for a reader whose git does not know him, and configures nothing" {
    HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null run -0 tool start 01/2
    [ "$(git -C "$WORK" log --format=%s)" = "Start 01/2: Write all of it" ]
    run ! git -C "$WORK" config --local user.email
}

@test "start commits only the task, whatever else waits to be committed" {
    tool start 01/2
    echo notes >"$WORK/notes"
    git -C "$WORK" add notes
    tool start 01/3
    [ "$(git -C "$WORK" status --porcelain)" = "A  notes" ]
}

@test "start never touches what is there, and says so" {
    tool start 01/2
    echo mine >"$WORK/01-blocking/2-write-all/write-all.c"
    run -1 tool start 01/2
    [[ $output = *"is there already; nothing was changed"* ]]
    [ "$(<"$WORK/01-blocking/2-write-all/write-all.c")" = mine ]
    tool start mine
    echo mine >"$WORK/mine/mine.c"
    run -1 tool start 01/4
    [ "$(<"$WORK/mine/mine.c")" = mine ]
}

@test "a starter that changes in the book changes nothing in work/" {
    local book=$BATS_TEST_TMPDIR/book
    copy_of_the_book "$book" 01/2
    WORK=$book/work "$book/tests/tools/start" 01/2
    echo changed >"$book/exercises/01-blocking/2-write-all/write-all.c"
    cmp "$book/work/01-blocking/2-write-all/write-all.c" exercises/01-blocking/2-write-all/write-all.c
}

@test "start says which exercises there are when it is asked for another" {
    run -2 tool start 99/9
    [[ $output = *"there is no exercise 99/9"*" 00/1-3 01/1-4 "* ]]
    run -2 tool start
    [[ $output = *" 01/1-4 "* ]]
}

@test "a prediction's numbers are the student's, and always the same" {
    local one=$WORK/01-blocking/1-how-long-b-waits other=$BATS_TEST_TMPDIR/other/01-blocking/1-how-long-b-waits
    STUDENT=ada tool start 01/1
    STUDENT=ada WORK=$BATS_TEST_TMPDIR/other tool start 01/1
    cmp "$one/predict.txt" "$other/predict.txt"
    grep -qx 'student = ada' "$one/predict.txt"
    grep -qx 'a_stays_ms = 700' "$one/predict.txt"
    cp "solutions/01-blocking/1-how-long-b-waits/second/predict.txt" "$one"
    ONLY="each key has an answer, and there is a why" STUDENT=bob judge 01/1 "$one"
    earns_nothing failed "student: bob"
}

# ---- check ----

@test "in its folder make builds an exercise; make test grades it: did, expected, got, hint, where to read" {
    local as_now=(BUILD="${BUILD#"$TOP/"}" COMPILE="$COMPILE")
    tool start 01/2
    cd "$WORK/01-blocking/2-write-all"
    make "${as_now[@]}"
    [ -x build/write-all ]
    run -2 make test "${as_now[@]}"
    [[ $output = *"0 of 10 points, not yet"* ]]
    [[ $output = *"did       write_exactly(fd, buf, 10, &put), where write() takes 3 of 10 bytes"* ]]
    [[ $output = *"expected  IO_DATA, put = 10"* ]]
    [[ $output = *"got       IO_DATA, put = 3"* ]]
    [[ $output = *"hint      "* ]]
    [[ $output = *"book/01-blocking.md"* ]]
    cp "$TOP/solutions/01-blocking/2-write-all/write-all.c" .
    run -0 make test "${as_now[@]}"
    [[ $output = *"10 of 10 points, solved"* ]]
    [ "$(git status --porcelain)" = " M 01-blocking/2-write-all/write-all.c" ]
}

@test "of a long story the beginning is told, and what was expected and got" {
    cd "$BATS_TEST_TMPDIR"
    printf '# points: 2\n@test "it holds" {\n' >grader
    {
        printf '1..1\nnot ok 1 it holds\n'
        printf '# %s\n' "(in test file grader, line 3)" "  \`drive it' failed"
        printf '# call %d\n' {1..100}
        printf '# %s\n' "expected: an answer" "got: none" "hint: who answers?"
    } >tap
    run -0 awk -v id=01/2 -v of=2 -f "$TOP/tests/lib/score.awk" grader tap
    [[ $output = *"call 60"*"(there is more)"*"expected: an answer"*"got: none"*"hint: "* ]]
    [[ $output != *"call 61"* ]]
    [ "$(grep -c "there is more" <<<"$output")" = 1 ]
}

@test "where the terminal knows no UTF-8 the marks are ASCII" {
    LC_ALL=C run -1 tool check 01/2
    [[ $(LC_ALL=C tr -d '\000-\177' <<<"$output") = "" ]]
}

@test "check mine ends at the last stage that was begun, and names the next; or at the first that fails" {
    local book=$BATS_TEST_TMPDIR/book
    copy_of_the_book "$book" 01/4 03/4 04/4
    quick_grader "$book" 01/4 20 true
    quick_grader "$book" 03/4 24 false
    "$book/tests/tools/start" mine
    cp solutions/01-blocking/4-mine/mine.c "$WORK/mine/"
    run -0 "$book/tests/tools/check" mine
    [[ $(grep -c ' mine: ' <<<"$output") = 1 ]]
    [ "${lines[-1]}" = "The next stage: make start EX=03/4" ]
    "$book/tests/tools/start" 04/4
    run -1 "$book/tests/tools/check" mine
    [[ $(grep -c ' mine: ' <<<"$output") = 2 && $output = *"03/4 mine: "*"0 of 24 points, not yet"* ]]
}

# ---- hint, next, progress, solution ----

@test "hint tells one more each time" {
    run -0 tool hint 01/2
    [[ $output = *"hint 1 of 3"* ]]
    tool hint 01/2
    run -0 tool hint 01/2
    [[ $output = *"hint 3 of 3"*"read_exactly"* ]]
    run -0 tool hint 01/2
    [[ $output = *"hint 3 of 3"* ]]
    run -0 tool hint 01/4
    [[ $output = *"hint 1 of 3"* ]]
}

@test "solution refuses until the reader's own passes, then shows both" {
    local book=$BATS_TEST_TMPDIR/book
    tool start 01/2
    run -1 tool solution 01/2
    [[ $output = *"once yours passes"* && $output != *"for (*put = 0;"* ]]
    sed 's/(\*put = 0;/(*put = 0 * 1;/' solutions/01-blocking/2-write-all/write-all.c \
        >"$WORK/01-blocking/2-write-all/write-all.c"
    run -0 tool solution 01/2
    [[ $output = *"-    for (*put = 0 * 1;"*"+    for (*put = 0;"* ]]
    copy_of_the_book "$book" 01/2
    cp -r "$WORK" "$book/work"
    WORK=$book/work run -0 "$book/tests/tools/solution" 01/2
    [[ $output = *"--- a/work/01-blocking/2-write-all/write-all.c"* ]]
}

@test "progress grades again only what has changed" {
    local log=$BATS_TEST_TMPDIR/log book=$BATS_TEST_TMPDIR/book
    copy_of_the_book "$book" 00/3 01/2
    sed -i "2i echo \"\$1\" >>'$log'" "$book/tests/tools/judge"
    mkdir -p "$book/build"
    cp -r "$BUILD/tests" "$book/build"
    BUILD=$book/build
    quick_grader "$book" 01/2 10 true
    hand_in "$WORK" 00/3 01/2
    rm "$WORK/00-sockets/3-message-boundaries/lines.talk"
    run -0 "$book/tests/tools/progress"
    [[ $output = *"10 of  10"*"10 of 18 points"* ]]
    [ "$(sort "$log" | paste -sd ' ')" = "00/3 01/2" ]
    run -0 "$book/tests/tools/progress"
    [ "$(wc -l <"$log")" = 2 ]
    echo >>"$WORK/01-blocking/2-write-all/write-all.c"
    run -0 "$book/tests/tools/progress"
    [ "$(wc -l <"$log")" = 3 ]
    run -0 "$book/tests/tools/next"
    [[ $output = "00/3 catch: "*"make start EX=00/3"* ]]
}

# ---- grade ----

@test "grade on an empty workspace: 0 points, what to do first, status 1" {
    CHAPTER=00 run -1 tool grade -o "$BATS_TEST_TMPDIR/results"
    [[ $output = *"0 of "*" points"*"make start EX=00/1" ]]
}

@test "grade gives the solutions full points, and status 0" {
    local results=$BATS_TEST_TMPDIR/results book=$BATS_TEST_TMPDIR/book
    copy_of_the_book "$book" 00/3 01/2
    git -C "$book" init -q
    git -C "$book" -c user.name=us -c user.email=us@localhost commit -q --allow-empty -m Edition
    git -C "$book" tag -m "" edition-7
    quick_grader "$book" 00/3 8 true
    quick_grader "$book" 01/2 10 true
    hand_in "$BATS_TEST_TMPDIR/ada" 00/3 01/2
    STUDENT=ada run -0 "$book/tests/tools/grade" -o "$results" "$BATS_TEST_TMPDIR/ada"
    [[ $output = *"18 of 18 points"* ]]
    grep -q '"points": 18,' "$results/results.json"
    grep -q '"edition": "edition-7"' "$results/results.json"
    grep -q '"student": "ada"' "$results/results.json"
    [ ! -e "$WORK" ]
}

@test "the results can be had as TAP, JUnit, CSV and Gradescope's JSON, and all are well formed" {
    local results=$BATS_TEST_TMPDIR/results format
    # What a submission can smuggle into a story: quotes, markup, escapes, half a character.
    submit 01/2 write-all.c < <(function_that 'puts("\"<&>\\ \033[31m \303 \001"); abort();')
    cp "$RESULT" "$results"
    for format in json tap junit csv gradescope; do
        tool convert "$format" "$results" >"$results.$format"
        [[ $(LC_ALL=C tr -d '\012\040-\377' <"$results.$format" | wc -c) = 0 ]]
    done
    [[ $(grep -cE '^(not )?ok [0-9]+ - 01/2 ' "$results.tap") = "$(sed -n 's/^1\.\.//p' "$results.tap")" ]]
    [[ $(sed -n 2p "$results.csv") = *",01/2,"*",0,10,crashed,"* ]]
    grep -q '"score": 0, "max_score": 10, "status": "failed"' "$results.gradescope"
    if command -v jq >/dev/null; then
        jq -e '.exercises[0].outcome == "crashed"' "$results.json"
        jq -e '.tests[0].max_score == 10' "$results.gradescope"
    fi
    if command -v xmllint >/dev/null; then
        xmllint --noout "$results.junit"
    fi
    run -2 tool convert nonsense
}

# ---- prove ----

@test "prove finds a starter that earns points, a wrong solution that passes, a stale patch" {
    local book=$BATS_TEST_TMPDIR/book solution=solutions/01-blocking/2-write-all
    copy_of_the_book "$book" 01/2
    keep_mutants "$book" counts-minus-one spins-on-eagain
    cp "$solution/write-all.c" "$book/exercises/01-blocking/2-write-all/"
    sed -i '/signals/,/drive/s/drive .*/true/; s/drive eintr.*/true/' \
        "$book/tests/exercises/01-blocking/2-write-all.bats"
    sed -i 's/IO_INTERRUPTED/IO_DATA/' "$book/$solution/mutants/spins-on-eagain.patch"
    sed -i 's/points: 3/points: 4/' "$book/tests/exercises/01-blocking/2-write-all.bats"
    run -1 "$book/tests/tools/prove" --once
    [[ $output = *"not ok "*"the starter earns nothing"* ]]
    [[ $output = *"not ok "*"wrong solution 1 is caught"*"counts-minus-one"* ]]
    [[ $output = *"not ok "*"wrong solution 2 is caught"*"does not apply"* ]]
    [[ $output = *"not ok "*"its points add up"* ]]
    [[ $output = *"ok "*"the solution passes"* ]]
}

@test "prove finds a solution that fails, a broken grader, a task without its parts" {
    local book=$BATS_TEST_TMPDIR/book
    copy_of_the_book "$book" 01/2
    keep_mutants "$book" writes-once
    cp exercises/01-blocking/2-write-all/write-all.c "$book/solutions/01-blocking/2-write-all/"
    rm "$book/exercises/01-blocking/2-write-all/hints/2.md"
    sed -i 's/drive dribble/drvie dribble/' "$book/tests/exercises/01-blocking/2-write-all.bats"
    run -1 "$book/tests/tools/prove" --once
    [[ $output = *"not ok "*"the task has all its parts"*"hints/2.md"* ]]
    [[ $output = *"not ok "*"the solution passes"* ]]
    cp solutions/01-blocking/2-write-all/write-all.c "$book/solutions/01-blocking/2-write-all/"
    ONLY="after a short write the rest follows, from where it stopped" \
        TOP=$book judge 01/2 solutions/01-blocking/2-write-all
    earns_nothing grader-error "after a short write"
}

# keep_mutants BOOK NAME...: of 01/2, no others.
keep_mutants() {
    local folder=$1/solutions/01-blocking/2-write-all/mutants patch
    shift
    for patch in "$folder"/*; do
        [[ " $* " = *" $(basename "$patch" .patch) "* ]] || rm "$patch"
    done
}

# copy_of_the_book FOLDER EX...: what the tools need, with these exercises only. What no test
# changes is not copied.
copy_of_the_book() {
    local book=$1 id folder
    shift
    mkdir -p "$book"/{tests,exercises,solutions}
    ln -s "$TOP"/{lib,chapters,book} "$book"
    cp -r tests/{tools,lib,cage.c} "$book/tests"
    sed 1q exercises/manifest.tsv >"$book/exercises/manifest.tsv"
    for id; do
        folder=$(folder_of "$id")
        grep -F $'\t'"$folder"$'\t' exercises/manifest.tsv >>"$book/exercises/manifest.tsv"
        cp -r --parents "exercises/$folder" "solutions/$folder" "tests/exercises/$folder".* "$book"
    done
    [[ $LIBREADY = /* ]] || LIBREADY=$TOP/$LIBREADY
}

# quick_grader BOOK EX POINTS COMMAND: in the place of the exercise's own, one test.
quick_grader() {
    printf '%s\n' 'load ../../lib/exercises' "# points: $3" '@test "it is there" {' "$4" '}' \
        >"$1/tests/exercises/$(folder_of "$2").bats"
}

# ---- the reader's work is his own ----

@test "none of this changes the exercises in the book" {
    local before after
    before=$(find exercises -type f -exec sha256sum {} + | sort)
    tool start 01/2
    echo broken >"$WORK/01-blocking/2-write-all/write-all.c"
    run -1 tool check 01/2
    tool hint 01/2
    CHAPTER=01 run -1 tool grade -o "$BATS_TEST_TMPDIR/results"
    after=$(find exercises -type f -exec sha256sum {} + | sort)
    [ "$before" = "$after" ]
}

@test "make test does not look at work/" {
    run ! grep -nE '\bWORK\b|\bwork/' tests/tools/test tests/tools/prove tests/tools/judge
    [[ ! $(make -n test 2>/dev/null) =~ (^|[^[:alnum:]_/-])work/ ]]
}
