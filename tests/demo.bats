# The engine of the narrated demonstrations. Each chapter's own is run by `make demo CHAPTER=`, which fails
# when a screen breaks the rules; .ci/run does so with all of them.

load lib/servers

setup() {
    note_own_lines
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir 42-sample
    DEMO=$PWD/42-sample/demo
    cat >"$DEMO" <<'END'
title "42-sample: what does a screen look like?"
shout() { printf '%s!\n' "${@^^}"; }
step "How does one count to three?" 'seq 3' "By adding one, twice."
step "Who is loud?" 'shout me
shout you' "Both are."
step "Who stays?" 'sleep 99 & setsid sleep 99 & echo both' "Nobody does."
by_hand 'seq 3'
END
}
teardown() {
    end_servers
    [[ ! ${SHOW:-} ]] || kill -KILL -- "-$SHOW" 2>/dev/null || true
}

# shellcheck disable=SC2120 # it may do without
engine() {
    env -u STEP -u NO_COLOR -u TIME_SCALE "$@" "$TOP/lib/tools/demo" "$DEMO"
}

# one_step QUESTION COMMAND SENTENCE: the demo has only this one.
one_step() {
    printf 'title T\nstep %q %q %q\nby_hand true\n' "$@" >"$DEMO"
}

# sleepers FOLDER: the sleep(1) processes that were started there.
sleepers() {
    local process
    for process in /proc/[0-9]*; do
        [[ ! $process/cwd -ef $1 || ! $process/exe -ef $(command -v sleep) ]] || echo "${process#/proc/}"
    done
}

# ---- without a terminal ----

@test "without a terminal all screens come one after another, with question, command, result, sentence" {
    run engine
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "42-sample: what does a screen look like?                                   1/3" ]
    [ "${lines[1]}" = "How does one count to three?" ]
    [ "${lines[2]}" = '$ seq 3' ]
    [ "${lines[3]}${lines[4]}${lines[5]}" = 123 ]
    [ "${lines[6]}" = "By adding one, twice." ]
    [[ $output = *$'$ shout me\n  shout you\nME!\nYOU!\n\nBoth are.\n'* ]]
    [[ $output = *"To repeat it by hand:"*"  seq 3"*"make demo CHAPTER=42 STEP="* ]]
    [[ $output != *$'\e'* ]]
}

@test "STEP=3 begins there; a step that does not exist is refused" {
    run engine STEP=3
    [ "$status" -eq 0 ]
    [[ ${lines[0]} = *3/3 ]]
    run engine STEP=4
    [ "$status" -eq 2 ]
    [ "$output" = "demo: STEP is from 1 to 3" ]
}

@test "a file without title, steps, or a last word is refused" {
    echo 'title T' >"$DEMO"
    run engine
    [ "$status" -eq 2 ]
    [[ $output = *"needs a title, steps, and a by_hand"* ]]
}

@test "what a step leaves running is ended, whatever its session" {
    mkdir here
    one_step "Who stays?" 'cd "$HERE"; sleep 99 & setsid sleep 99 & echo both' "Nobody."
    run engine HERE="$PWD/here"
    [ "$status" -eq 0 ]
    [ "$(sleepers here)" = "" ]
}

@test "a step that takes too long is ended, and that is a fault" {
    local limit
    one_step "How long?" 'echo begin; sleep 99' "Long."
    for limit in 1 5; do # on a busy machine it may not even begin within a second
        run engine DEMO_LIMIT="$limit"
        [ "$status" -eq 1 ]
        [[ $output != *$'begin\n(ended:'* ]] || break
    done
    [[ $output = *$'begin\n(ended: a step has '"$limit seconds)"* ]]
    [[ $output = *"step 1: takes longer than $limit seconds"* ]]
}

@test "22 lines fit on a screen, 23 are a fault" {
    one_step "Q?" "seq 15" "S."
    run engine
    [ "$status" -eq 0 ]
    one_step "Q?" "seq 16" "S."
    run engine
    [ "$status" -eq 1 ]
    [[ $output = *"step 1: 23 lines, 22 are there"* ]]
}

@test "78 columns fit on a line, 79 are a fault, also after a tab; colours take no room" {
    one_step "Q?" 'printf "%078d\n" 1; printf "\e[31m%078d\e[0m\n" 1; printf "\t%070d\n" 1' "S."
    run engine
    [ "$status" -eq 0 ]
    one_step "Q?" 'printf "%079d\n" 1' "S."
    run engine
    [ "$status" -eq 1 ]
    [[ $output = *"step 1: a line of 79 columns"* ]]
    one_step "Q?" 'printf "\t%071d\n" 1' "S."
    run engine
    [ "$status" -eq 1 ]
}

@test "columns are characters, whatever the locale" {
    one_step "Q?" 'printf "é%.0s" {1..78}' "S."
    run engine LC_ALL=C
    [ "$status" -eq 0 ]
}

@test "a long question and a long sentence are broken into lines" {
    one_step "$(printf 'why %.0s' {1..30})" 'true; echo' "$(printf 'so %.0s' {1..30})"
    run engine
    [ "$status" -eq 0 ]
    [ "${#lines[1]}" -le 78 ]
    [[ ${lines[2]} = why* ]]
}

@test "a command that is not found, and a step that prints nothing, are faults" {
    one_step "Q?" 'no-such-command' "S."
    run engine
    [ "$status" -eq 1 ]
    [[ $output = *"step 1: a command was not found"* ]]
    one_step "Q?" 'true' "S."
    run engine
    [ "$status" -eq 1 ]
    [[ $output = *"step 1: prints nothing"* ]]
}

@test "the output of a program that fails is shown as it is" {
    one_step "Q?" 'false; printf "half a line"; exit 3' "S."
    run engine
    [ "$status" -eq 0 ]
    [[ $output = *$'\nhalf a line\n\nS.\n'* ]]
}

# ---- on a terminal ----

# show [VARIABLE=VALUE...]: runs the demo on a terminal of its own. What appears there is in the
# file `screen`; its modes before and after, and the status, are kept as well.
show() {
    mkfifo keys
    cat >session <<END
trap : INT
stty -a >before
env -u STEP -u NO_COLOR TERM=xterm $* '$TOP/lib/tools/demo' '$DEMO'
echo \$? >status
stty -a >after
END
    setsid env --default-signal=INT,QUIT HERE="$PWD/here" script -qefc "sh session" screen \
        <keys >/dev/null 2>&1 3>&- 4>&- &
    SHOW=$!
    exec {KEYS}>keys
}

press() { printf '%b' "$1" >&"$KEYS"; }

# sees TEXT [TIMES]: waits until TEXT has appeared, so many times.
sees() { poll_until 10 shows_times "$1" "${2:-1}"; }
shows_times() { (($(grep -cF -- "$1" screen) >= $2)); }

@test "the question stands before Enter is pressed, the answer comes after" {
    show
    sees "How does one count to three?"
    sees "Enter: run it"
    run grep -F 'seq 3' screen
    [ "$status" -eq 1 ]
    press '\n'
    sees "By adding one, twice."
    sees "Enter: next"
    press '\n'
    sees "Who is loud?"
    sees "Enter: run it" 2
    press q
    poll_until 10 test -s after
    [ "$(<status)" = 0 ]
    grep -F "left at step 2" screen
}

@test "r repeats a step, b goes back, and the last Enter ends the demo with status 0" {
    show STEP=2
    sees "Enter: run it"
    press '\n'
    sees "YOU!" 1
    sees "Enter: next" 1
    press r
    sees "YOU!" 2
    sees "Enter: next" 2
    press b
    sees "How does one count to three?"
    sees "Enter: run it" 2
    press '\n'
    sees "Enter: next" 3
    press '\n'
    sees "Who is loud?" 3
    sees "Enter: run it" 3
    press '\n'
    sees "Enter: next" 4
    press '\n'
    sees "Who stays?"
    sees "Enter: run it" 4
    press '\n'
    sees "Nobody does."
    sees "Enter: next" 5
    press '\n'
    sees "To repeat it by hand:"
    sees "Enter, q: the end"
    press '\n'
    poll_until 10 test -s after
    [ "$(<status)" = 0 ]
}

@test "Ctrl-C in the middle of a step ends what it has started, and the terminal is as before" {
    mkdir here
    one_step "Q?" 'cd "$HERE"; echo begun; setsid sleep 99 & sleep 99' "S."
    show
    sees "Enter: run it"
    press '\n'
    sees begun 2
    press '\003'
    poll_until 10 test -s after
    [ "$(<status)" = 130 ]
    run diff before after
    [ "$status" -eq 0 ]
    [ "$(sleepers here)" = "" ]
}

@test "q gives the terminal back as it was" {
    show
    sees "Enter: run it"
    run grep -F $'\e[1m' screen
    [ "$status" -eq 0 ]
    press q
    poll_until 10 test -s after
    run diff before after
    [ "$status" -eq 0 ]
    grep -qF $'\e[?1049l' screen
}

@test "with NO_COLOR=1 there are no colours on a terminal" {
    show NO_COLOR=1
    sees "Enter: run it"
    press '\n'
    sees "By adding one, twice."
    sees "Enter: next"
    run grep -F -e $'\e[1m' -e $'\e[2m' -e $'\e[32m' screen
    [ "$status" -eq 1 ]
    press q
    poll_until 10 test -s after
}

@test "on a terminal what is too long or too wide is cut, and shown as cut" {
    one_step "Q?" 'printf "%079d\n" 1; seq 100 140' "S."
    show NO_COLOR=1
    sees "Enter: run it"
    press '\n'
    sees "Enter: next"
    grep -qF "$(printf '%077d…' 0)" screen
    grep -qF "113" screen
    run grep -F "116" screen
    [ "$status" -eq 1 ]
    press q
    poll_until 10 test -s after
}

# ---- the demonstrations of the book ----

@test "a chapter asks the same question in its text, its demonstration, and both lists of chapters" {
    local text chapter question
    cd "$TOP"
    for text in book/[0-9]*.md; do
        chapter=$(basename "$text" .md)
        question=$(sed -n "1s/^# $chapter: //p" "$text")
        echo "$chapter: ${question:-has no question in its heading}"
        [ "$question" ]
        grep -xF "title \"$chapter: $question\"" "chapters/$chapter/demo"
        grep -iF "| [$chapter]($chapter.md) | $question |" book/README.md
        grep -iF "| [$question](book/$chapter.md) |" README.md
    done
}
