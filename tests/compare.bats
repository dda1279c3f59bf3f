# The comparison of the models must work, and its reports must tell what the figures say. How fast
# anything is, is not tested.
load lib/servers

setup() {
    note_own_lines
    export OUT=$BATS_TEST_TMPDIR/compare BUILD
    unset MODELS CLIENTS LOAD SECONDS_EACH ROUNDS WORK NO_COLOR
    export LC_ALL=C.UTF-8
    PIDS=()
}

teardown() {
    local pid
    for pid in "${PIDS[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    end_servers
}

# compare VARIABLE=VALUE...: a short comparison; what it says is in $output.
compare() {
    run env SECONDS_EACH=0.3 ROUNDS=1 "$@" "$TOP/lib/tools/compare"
}

# compare_until CONDITION VARIABLE=VALUE...: with longer and longer measurements, until the condition
# holds: on a busy machine little may happen within 0.1 s.
compare_until() {
    local seconds
    for seconds in 0.1 0.5 4; do
        compare "${@:2}" SECONDS_EACH="$seconds"
        ! "$1" >/dev/null || return 0
    done
    "$1" || echo "$output"
    return 1
}

# What compare_until may wait for.
has_measured() { [ "$status" = 0 ]; }

# report KIND [VARIABLE=VALUE...]: a report of $OUT/results.tsv.
report() {
    local kind=$1
    shift
    run env "$@" "$TOP/lib/tools/report" "$kind" "$OUT/results.tsv"
    [ "$status" = 0 ]
}

# row MODEL: the words of its first line in $output go to ${cells[@]}.
row() {
    local line
    for line in "${lines[@]}"; do
        if [[ $line = "$1 "* ]]; then
            read -ra cells <<<"$line"
            return
        fi
    done
    echo "there is no row '$1' in:"
    echo "$output"
    return 1
}

# says TEXT: $output has it, line breaks and indentation aside. is_silent_about: it has not.
says() {
    local words
    words=$(tr -s ' \n' ' ' <<<"$output")
    [[ $words = *"$1"* ]] || {
        echo "'$1' is not in:"
        echo "$output"
        return 1
    }
}

is_silent_about() {
    run ! says "$1"
}

widest_line() {
    LC_ALL=C awk '{ gsub(/[\200-\277]/, ""); if (length($0) > n) n = length($0) } END { print n + 0 }' <<<"$output"
}

# ---- made-up results ----

# results MODELS LOADS CLIENTS: begins $OUT/results.tsv.
results() {
    mkdir -p "$OUT"
    {
        printf '#%s\t%s\n' models "$1" loads "$2" clients "$3" rounds 1 seconds 1 cpus 2 \
            cpu_model 'A <fast> "CPU" & more' memory '2 GiB' repeat 'make compare' \
            pinning 'Server on CPU 0, client on CPU 1.'
        printf '%s\t' load clients round model answered requests seconds rate p50_us p99_us failures \
            client_cpu_us cpu_us pss_kb processes threads
        echo why
    } >"$OUT/results.tsv"
}

# result LOAD CLIENTS MODEL [KEY=VALUE...]: one round; all models alike but for what is given.
result() {
    local load=$1 clients=$2 model=$3 word
    local answered=$2 requests=10000 p50=1000 p99=2000 failures=0 client=500000 cpu=500000 pss=200 why=-
    shift 3
    for word; do
        printf -v "${word%%=*}" %s "${word#*=}"
    done
    {
        printf '%s\t' "$load" "$clients" 1 "$model" "$answered" "$requests" 1.000 "$requests" "$p50" \
            "$p99" "$failures" "$client" "$cpu" "$pss" 1 1
        echo "$why"
    } >>"$OUT/results.tsv"
}

# ---- measuring ----

@test "six models under both loads: none fails, one answers 1 of 20; off a terminal 80 columns, no escape" {
    local model
    # Of each model a line for each load with requests, CPU time and memory, and without a failure.
    all_have_worked() {
        (($(awk -F '\t' '$6 > 0 && $11 == 0 && $13 > 0 && $14 > 0' "$OUT/results.tsv" | wc -l) == 12)) &&
            row single-process && [ "${cells[*]:1:3}" = "1 of 20" ]
    }
    compare_until all_have_worked LOAD="stays visits" CLIENTS=20
    echo "$output"
    [ "$status" = 0 ]
    says "01-blocking single-process answers 1 of 20"
    for model in single-process process-per-connection thread-per-connection select poll epoll; do
        row "$model"
        [ "${cells[-1]}" = 0 ] # failures
        [ "$(cut -f 4 "$OUT/results.tsv" | grep -cx -e "$model")" = 2 ]
    done
    # This is no terminal.
    [[ $output != *$'\e'* && $output != *$'\r'* ]]
    output=$(grep -v "^Charts, machine" <<<"$output") # a temporary path may be long
    [ "$(widest_line)" -le 80 ]
}

@test "select says in its row that FD_SETSIZE is why it cannot hold 1,100 clients" {
    (($(ulimit -Hn) >= 1200)) || skip "no process may have 1,200 descriptors here"
    it_is_full() { [[ $output = *FD_SETSIZE* ]]; }
    compare_until it_is_full LOAD=stays CLIENTS=1100 MODELS="select poll"
    [ "$status" = 0 ]
    row select
    [[ ${lines[*]} = *"^ "*FD_SETSIZE* ]]
    says "02-io-models select answered"
}

# A build folder of its own, FAKES, whose models are shell scripts, and one that says nothing.
fake_models() {
    FAKES=$BATS_TEST_TMPDIR/build
    mkdir -p "$FAKES/11-models"
    ln -s "$BUILD/10-webbench" "$BUILD/lib" "$FAKES/"
    ln -s "$BUILD/00-sockets/tcp-server" "$FAKES/11-models/says-nothing"
    printf '#!/bin/sh\n%s\n' 'echo "mute: bind: Address already in use (EADDRINUSE)" >&2; exit 1' \
        >"$FAKES/11-models/mute"
    printf '#!/bin/sh\n%s\n' "taskset -pc \$\$ >'$BATS_TEST_TMPDIR/cpu'; exec '$BUILD/11-models/epoll' \"\$@\"" \
        >"$FAKES/11-models/tells-cpu"
    printf '#!/bin/bash\n%s\n' "FAULTS=epoll_wait:EBADF@5 exec -a dies '$BUILD/11-models/epoll' \"\$@\"" \
        >"$FAKES/11-models/dies"
    cp "$FAKES/11-models/mute" "$FAKES/11-models/dumb"
    chmod +x "$FAKES/11-models/"[!s]*
}

@test "the models take turns, so that a slow moment is nobody's alone" {
    fake_models
    compare BUILD="$FAKES" MODELS="dumb mute" ROUNDS=2
    [ "$(awk -F '\t' '/^visits/ { printf "%s %s, ", $3, $4 }' "$OUT/results.tsv")" = \
        "1 dumb, 1 mute, 2 dumb, 2 mute, " ]
}

@test "server and client run on different CPUs, those named; with one CPU they share it, and it is said" {
    (($(nproc) >= 2)) || skip "there is one CPU here"
    local first second cpus
    cpus=$(taskset -pc $$)
    fake_models
    compare_until has_measured BUILD="$FAKES" MODELS=tells-cpu CLIENTS=2
    [[ $output =~ "Server on CPU "([0-9]+)", client on CPU "([0-9]+)"." ]]
    first=${BASH_REMATCH[1]} second=${BASH_REMATCH[2]}
    [ "$first" != "$second" ]
    [[ ${cpus##*: } = "$first"* ]]
    [ "$first" = "$(sed 's/.*: //' "$BATS_TEST_TMPDIR/cpu")" ] # where it really was
    taskset -pc "$first" $$ >/dev/null
    compare_until has_measured MODELS=epoll CLIENTS=2
    says "One CPU for server and client"
}

@test "a model that does not start, or ends under load, says why in its row" {
    fake_models
    has_ended() { [[ $output = *"under load"* ]]; }
    compare_until has_ended BUILD="$FAKES" MODELS="mute dies" CLIENTS=2
    row mute
    [[ ${lines[*]} = *"^ it did not start: bind: Address already in use (EADDRINUSE)"* ]]
    row dies
    [[ ${lines[*]} = *"^ it ended under load: epoll_wait: Bad file descriptor (EBADF)"* ]]
}

@test "when nothing at all could be measured, that is an error" {
    fake_models
    compare BUILD="$FAKES" MODELS=mute
    [ "$status" = 1 ]
    says "no model answered a single request"
}

@test "CPU time and memory of a server include those of its children, ended and alive" {
    local pid stat cpu_us pss_kb processes count='for ((i = 0; i < 30000; i++)); do :; done'
    # shellcheck disable=SC2016 # the inner shell's
    setsid bash -c "($count); ($count; echo idle; sleep 100) & ($count); echo ready; wait" \
        >"$BATS_TEST_TMPDIR/out" 3>&- 4>&- &
    pid=$!
    echo "$pid" >>"$BATS_TEST_TMPDIR/servers"
    poll_until 20 grep -q ready "$BATS_TEST_TMPDIR/out"
    poll_until 20 grep -q idle "$BATS_TEST_TMPDIR/out"
    run "$BUILD/lib/usage" "$pid"
    [ "$status" = 0 ]
    # shellcheck disable=SC2034 # threads is not needed
    eval "$output" # cpu_us=… pss_kb=… processes=… threads=…
    [ "$processes" -ge 2 ]
    [ "$((cpu_us + 10000))" -ge "$(($(cpu_ms "$pid") * 1000))" ]
    # Two children have ended, and their time is more than the leader's own, who only waits.
    read -ra stat < <(sed 's/.*) //' "/proc/$pid/stat")
    [ "$cpu_us" -gt "$(((stat[13] + stat[14]) * 1000000 / $(getconf CLK_TCK)))" ]
    [ "$((stat[13] + stat[14]))" -gt "$((stat[11] + stat[12]))" ]
    [ "$pss_kb" -gt "$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")" ]
}

# ---- being interrupted ----

# begin_comparison: one in the background, in a session of its own; returns under load.
begin_comparison() {
    setsid env --default-signal=INT MODELS="process-per-connection epoll" LOAD=stays CLIENTS=20 SECONDS_EACH=20 \
        "$TOP/lib/tools/compare" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- </dev/null &
    COMPARISON=$!
    PIDS=("-$COMPARISON")
    poll_until 20 is_under_load
}

# A server with children, and the load generator, have been started by now.
is_under_load() {
    mapfile -t PIDS < <(process_tree "$COMPARISON")
    ((${#PIDS[@]} > 6))
}

all_gone() {
    local pid
    for pid in "${PIDS[@]}"; do
        gone "$pid" || return 1
    done
}

@test "SIGINT to the foreground group ends it, and leaves no process behind" {
    local status=0
    begin_comparison
    kill -INT -- "-$COMPARISON"
    poll_until 10 all_gone
    wait "$COMPARISON" || status=$?
    [ "$status" = 130 ]
    [ ! -e "$OUT/report.html" ]
}

@test "SIGTERM to it alone ends it as well, with all it has started" {
    local status=0
    begin_comparison
    kill -TERM "$COMPARISON"
    poll_until 10 all_gone
    wait "$COMPARISON" || status=$?
    [ "$status" = 143 ]
}

# ---- what can be asked for ----

@test "an unknown model is refused in one line that lists those there are" {
    compare MODELS="epoll epoII"
    [ "$status" = 2 ]
    [ "${#lines[@]}" = 1 ]
    says "there is no model 'epoII'; there are: single-process"
    says "epoll mine"
}

@test "variables that make no sense are refused in one line" {
    local wrong
    for wrong in CLIENTS=0 CLIENTS="100 many" LOAD=hops ROUNDS=0 SECONDS_EACH=soon SECONDS_EACH=0.01 \
        CLIENTS=" "; do
        compare "$wrong"
        [ "$status" = 2 ]
        [ "${#lines[@]}" = 1 ]
        [[ $output = "compare: ${wrong%%=*}"* || $output = *"${wrong%%=*}"*empty* ]]
    done
}

@test "a reader without a server of their own is told how to get one" {
    compare MODELS="mine epoll" WORK="$BATS_TEST_TMPDIR"
    [ "$status" = 2 ]
    [ "${#lines[@]}" = 1 ]
    says "make start EX=mine"
}

@test "the reader's own server is built by its Makefile and stands in the table" {
    mkdir -p "$BATS_TEST_TMPDIR/mine/build"
    printf 'all:\n\tcp "%s" build/mine\n' "$BUILD/01-blocking/one-at-a-time" \
        >"$BATS_TEST_TMPDIR/mine/Makefile"
    all_are_answered() { row mine && [ "${cells[1]}" = 5 ]; }
    compare_until all_are_answered MODELS=mine WORK="$BATS_TEST_TMPDIR" CLIENTS=5
    [ "$status" = 0 ]
    [ "${cells[-1]}" = 0 ]
}

@test "when the reader's own server does not build, the compiler's words are shown" {
    mkdir -p "$BATS_TEST_TMPDIR/mine"
    printf 'all:\n\techo "mine.c:1: error: what?"; false\n' >"$BATS_TEST_TMPDIR/mine/Makefile"
    compare MODELS=mine WORK="$BATS_TEST_TMPDIR"
    [ "$status" = 2 ]
    says "mine.c:1: error: what?"
    says "does not build"
}

# ---- what to notice: chosen and filled in by the figures ----

@test "what to notice follows from the figures: who starves the others" {
    results "single-process epoll" stays 100
    result stays 100 single-process answered=1
    result stays 100 epoll
    report notice
    says "01-blocking single-process answers 1 of 100 that stay; the others wait until it leaves."

    results "single-process epoll" stays 100
    result stays 100 single-process
    result stays 100 epoll
    report notice
    is_silent_about "01-blocking"
}

@test "what to notice follows from the figures: what is dear, and how dear" {
    results "process-per-connection epoll" visits 100
    result visits 100 process-per-connection cpu=2000000
    result visits 100 epoll cpu=250000
    report notice
    says "A visit costs process-per-connection 200 µs of CPU: 8.0 times epoll's 25.0."

    results "process-per-connection epoll" visits 100
    result visits 100 process-per-connection cpu=250000
    result visits 100 epoll cpu=500000
    report notice
    says "A visit costs epoll 50.0 µs of CPU: 2.0 times process-per-connection's 25.0."

    results "process-per-connection epoll" visits 100
    result visits 100 process-per-connection
    result visits 100 epoll
    report notice
    is_silent_about "A visit costs"
}

@test "what to notice follows from the figures: whether looking at all descriptors matters" {
    results "select poll epoll" stays 1000
    result stays 1000 select cpu=300000
    result stays 1000 poll cpu=900000
    result stays 1000 epoll cpu=300000
    report notice
    says "02-io-models With 1,000 connections poll costs 3.0 times the CPU of select a request."

    results "select poll epoll" stays 10
    result stays 10 select cpu=300000
    result stays 10 poll cpu=300000
    result stays 10 epoll cpu=297000
    report notice
    says "With 10 connections select, poll, epoll differ by a factor of 1.01 in CPU: no great matter yet."
}

@test "what to notice begins with a model that failed, and says why" {
    results "select epoll" "visits stays" 1100
    result visits 1100 epoll
    result visits 1100 select
    result stays 1100 select answered=1019 failures=81 why="no room beyond FD_SETSIZE"
    result stays 1100 epoll
    report notice
    [[ ${lines[1]} = "02-io-models  select answered 1,019 of 1,100 clients: no room beyond"* ]]
}

@test "there are three lines to notice, each names a chapter, even where there is little to say" {
    results epoll visits 10
    result visits 10 epoll
    result visits 10 epoll
    report notice
    [ "$(grep -c '^[01][0-9]-[a-z-]*  ' <<<"$output")" = 3 ]
    output=$(grep -v "^Charts, machine" <<<"$output") # a temporary path may be long
    [ "$(widest_line)" -le 80 ]
}

@test "it is said when the client was the bottleneck, and only then" {
    results "poll epoll" visits 100
    result visits 100 poll client=600000
    result visits 100 epoll client=950000
    report tables
    says "client's was full, the bottleneck: visits: epoll."
    report html
    says "<strong>The client was the bottleneck</strong> with epoll:"

    results "poll epoll" visits 100
    result visits 100 poll client=600000
    result visits 100 epoll client=600000
    report tables
    is_silent_about bottleneck
    report html
    is_silent_about bottleneck
}

# ---- how it looks ----

# The worst case for the width: long names, large numbers.
wide_results() {
    local model
    results "process-per-connection process-pool-reuseport" "visits stays" 999999
    for model in process-per-connection process-pool-reuseport; do
        result visits 999999 "$model" answered=123456 requests=1234567 p50=12345678 p99=99999999 \
            failures=7654321 cpu=999999999 pss=99999999 why="$(printf 'a long reason %.0s' {1..12})"
        result stays 999999 "$model" requests=1234567 p50=12345678 p99=99999999 pss=99999999
    done
}

@test "tables, bars and notices fit 80 columns, whatever the figures" {
    local kind
    wide_results
    for kind in tables bars notice published; do
        report "$kind"
        [ "$(widest_line)" -le 80 ]
    done
}

@test "the median of the rounds stands in the table" {
    local requests
    results epoll visits 10
    for requests in 100 90000 300; do
        result visits 10 epoll requests="$requests"
    done
    report tables
    row epoll
    [ "${cells[2]}" = 300 ]
}

@test "headings say which direction is better" {
    results epoll visits 10
    result visits 10 epoll
    report tables
    says "what is better: more more less less less less less"
    report bars
    says "requests/s (more is better) CPU µs (less is better)"
}

@test "bars begin at zero, and can be read without colour and without UTF-8" {
    results "poll epoll" visits 10
    result visits 10 poll requests=1000
    result visits 10 epoll requests=16000
    report bars LC_ALL=C
    [[ $(grep ^epoll <<<"$output") = "epoll                  ################ "* ]]
    [[ $(grep ^poll <<<"$output") = "poll                   #    "* ]]
    [ -z "$(LC_ALL=C tr -d '\n -~' <<<"$output")" ]
}

# on_terminal COMMAND: runs it on a terminal of 80x24; what it shows is in $output.
on_terminal() {
    run env TERM=xterm script -qec "stty cols 80 rows 24; $1" /dev/null </dev/null 3>&- 4>&-
}

@test "on a terminal the table fills in while it runs, and NO_COLOR leaves colours out" {
    on_terminal "MODELS='poll epoll' CLIENTS=2 SECONDS_EACH=0.1 ROUNDS=1 '$TOP/lib/tools/compare'"
    [[ $output = *$'\e['*"epoll                         .  "*"1 of 2"*"round 1, visits 2, poll"* ]]
    [[ $output = *$'\e[1m'* ]]
    fake_models
    on_terminal "NO_COLOR=1 BUILD='$FAKES' MODELS='dumb mute' CLIENTS=2 ROUNDS=1 '$TOP/lib/tools/compare'"
    [[ $output = *"1 of 2"*"round 1, visits 2, dumb"* ]]
    run ! grep -q $'\e\\[[0-9;]*m' <<<"$output"
}

@test "Ctrl-C leaves the terminal as it was" {
    fake_models
    on_terminal "stty -g >'$BATS_TEST_TMPDIR/before'
        BUILD='$FAKES' MODELS=says-nothing CLIENTS=2 timeout --foreground -s INT 1 '$TOP/lib/tools/compare'
        stty -g >'$BATS_TEST_TMPDIR/after'"
    [[ $output != *$'\e[?25l'* || $output = *$'\e[?25h'* ]]
    run cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
    [ "$status" = 0 ]
}

# ---- the published table ----

# shellcheck disable=SC2030 # every test is a process of its own
@test "at 100, 200 and 1,000 visitors the published figures stand beside ours" {
    local clients
    results "single-process epoll" visits "100 200 1000"
    for clients in 100 200 1000; do
        result visits "$clients" single-process
        result visits "$clients" epoll requests=20000
    done
    report published
    row single-process # 100 visits at 10,000 a second take 10 ms
    [ "${cells[*]}" = "single-process 10.0 424 20.0 795 100 -" ]
    row epoll
    [ "${cells[*]}" = "epoll 5.00 374 10.0 844 50.0 38,038" ]
    says "Theirs: 2 cores, 2 GB"
}

# ---- the page ----

page() {
    local model
    results "single-process select epoll" "visits stays" 1100
    for model in single-process epoll; do
        result visits 1100 "$model" requests=9000
        result visits 1100 "$model" requests=11000
        result stays 1100 "$model" requests=50000
    done
    result visits 1100 select answered=0 requests=0 failures=1100 why='it said <no> & "no"'
    result stays 1100 select answered=1019 failures=81 why="no room beyond FD_SETSIZE"
    report html
    # shellcheck disable=SC2031 # report has set it
    echo "$output" >"$OUT/report.html"
}

@test "the page has a row for each model in each table, four charts for each, machine and command" {
    page
    [ "$(grep -c '<table class="models">' <<<"$output")" = 2 ]
    [ "$(grep -c '<tr data-model="epoll">' <<<"$output")" = 2 ]
    [ "$(grep -c '<tr data-model="select">' <<<"$output")" = 2 ]
    [ "$(grep -c '<svg .*role="img"' <<<"$output")" = 8 ]
    says "1,019 of 1,100"
    says "no room beyond FD_SETSIZE"
    says "A &lt;fast&gt; &quot;CPU&quot; &amp; more"
    says "<pre>make compare</pre>"
}

@test "the page asks for no other file and no network" {
    page
    run ! grep -Ei '(src|href)="[^"#]|url\(|@import|https?:' <(grep -v 'href="data:,"' <<<"$output")
}

@test "the page is well-formed" {
    command -v xmllint >/dev/null || skip "there is no xmllint here (Debian: libxml2-utils)"
    page
    run xmllint --noout "$OUT/report.html"
    echo "$output"
    [ "$status" = 0 ]
}

@test "Chromium shows all of the page, wide and as a phone, light and dark, without an error" {
    page
    run "$TOP/tests/tools/check-report" "$OUT/report.html"
    [ "$status" != 3 ] || skip "$output"
    echo "$output"
    [ "$status" = 0 ]
    [ "$(grep -c '^tables: 2, rows in the first: 3, charts: 8' <<<"$output")" = 4 ]
}
