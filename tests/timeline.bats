# lib/tools/timeline.c: a trace drawn as lanes
load lib/servers

setup() {
    note_own_lines
    trace=$BATS_TEST_TMPDIR/trace.json
}

timeline() {
    "$BUILD/lib/timeline" "$@"
}

# name PID TID thread|process TEXT, and event PID TID START_MS MS wait|work CALL: entries of a trace.
name() {
    echo "{\"ph\":\"M\",\"pid\":$1,\"tid\":$2,\"name\":\"$3_name\",\"args\":{\"name\":\"$4\"}}"
}
event() {
    echo "{\"ph\":\"X\",\"pid\":$1,\"tid\":$2,\"ts\":${3}000.000,\"dur\":${4}000.000,\"cat\":\"$5\",\"name\":\"$6\"}"
}

# trace_of: makes $trace of the entries on standard input.
trace_of() {
    { echo '[' && sed '$!s/$/,/' && echo ']'; } >"$trace"
}

# B waits for A: 100 ms, of which the server sleeps 90 in read().
b_waits_for_a() {
    name 7 7 process server
    name 7 7 thread server
    event 7 7 900 105 wait accept
    event 7 7 1005 90 wait read
    event 7 7 1095 2 work write
    event 7 7 1097 900 wait accept
    name 8 8 process talk
    event 8 8 990 1 work socket
    name 8 10000001 thread A
    event 8 10000001 1000 1 work connect
    event 8 10000001 1095 1 work close
    name 8 10000002 thread B
    event 8 10000002 1010 1 work send
    event 8 10000002 1012 86 wait recv
    event 8 10000002 1098 2 work recv
}

@test "each connection and each thread has a lane, and the calls they wait in stand in it" {
    b_waits_for_a | trace_of
    run -0 timeline --text --columns 57 "$trace"
    diff - <(echo "$output") <<'END'
A      #----------------------------------------------##
B           #..recv.....................................#
server .....read......................................##.
    ms |0        |20       |40       |60       |80
# working   . waiting, in the call named   - connected, idle
END
}

@test "the thread that plays connections is drawn only when it is asked for" {
    b_waits_for_a | trace_of
    run -0 timeline --text "$trace"
    [[ $output != *talk* ]]
    run -0 timeline --text --lanes talk "$trace"
    [[ ${lines[0]} = "talk #"* ]]
}

@test "time begins with the first connection, and --from and --to zoom in" {
    b_waits_for_a | trace_of
    run -0 timeline --text --from 90 --to 100 "$trace"
    [[ ${lines[0]} =~ ^"A      -"-+"#"+$ ]]
    [[ ${lines[1]} =~ ^"B      ..recv."\.+"#"+$ ]]
    [[ ${lines[3]} = *" ms |90 "*"|92 "*"|98"* ]]
    run -0 timeline --text --from -100 --to 100 "$trace"
    [[ ${lines[2]} = "server ..accept."* && ${lines[3]} = *"|-100 "*"|0 "* ]]
}

@test "--lanes picks the lanes, and their order" {
    b_waits_for_a | trace_of
    run -0 timeline --text --lanes server,A "$trace"
    [[ ${lines[0]} = "server "* && ${lines[1]} = "A "* && ${lines[2]} = *" ms |0"* ]]
    run -1 timeline --text --lanes C "$trace"
    [ "$output" = "timeline: no lane is called 'C'; there are server, talk, A, B" ]
}

@test "a thread is called by its name, or by that of its process and a number" {
    { name 7 7 process thread-per-connection
      name 7 7 thread thread-per-conn
      event 7 7 0 10 wait accept
      name 7 9 process thread-per-connection
      name 7 9 thread thread-per-conn
      event 7 9 1 9 wait read
      name 7 8 process thread-per-connection
      name 7 8 thread worker-1
      event 7 8 2 8 wait read; } | trace_of
    run -0 timeline --text "$trace"
    [[ ${lines[0]} = "thread-per-connection ..accept..."* ]]
    [[ ${lines[1]} = "thread-per-connecti 2 "* ]]
    [[ ${lines[2]} = "worker-1 "* ]]
}

@test "waiting and working by turns, too fast to be drawn, is told apart from only working" {
    { name 7 7 process server
      for i in {0..999}; do
          event 7 7 $((10 * i)) 9 wait epoll_wait
          event 7 7 $((10 * i + 9)) 1 work read
      done
      event 7 7 10000 10000 work compute; } | trace_of
    run -0 timeline --text "$trace"
    [[ ${lines[0]} =~ ^"server "\++\#+$ ]]
    run -0 timeline --text --from 100 --to 120 "$trace"
    [[ ${lines[0]} =~ ^"server #"\.+epoll_wait\.+\#+\.+epoll_wait\.+\#+$ ]]
}

@test "no line is wider than 78 columns, and no picture has more than 24 lanes" {
    for i in {1..30}; do
        name "$i" "$i" process "a-process-with-a-very-long-name-$i"
        event "$i" "$i" $((i * 10)) 300 wait poll
    done | trace_of
    run -0 timeline --text "$trace"
    [ "$(wc -L <<<"$output")" = 78 ]
    [ "${#lines[@]}" = 27 ] # with axis, legend, and what is said on stderr
    [[ $output = *"timeline: 24 of 30 lanes are drawn; --lanes NAME,NAME chooses others" ]]
}

@test "a trace of 50,000 events is one screen of text, and a picture of no more than 200 kB" {
    { name 7 7 process server
      awk 'BEGIN { for (i = 0; i < 50000; i++)
          printf "{\"ph\":\"X\",\"pid\":7,\"tid\":%d,\"ts\":%d.000,\"dur\":%d.000,\"cat\":\"%s\",\"name\":\"%s\"}\n",
              7 + i % 5, i * 20, i % 2 ? 80 : 15, i % 2 ? "wait" : "work", i % 2 ? "read" : "write" }'
    } | trace_of
    run -0 timeline --text "$trace"
    [ "${#lines[@]}" = 7 ]
    timeline "$trace" >"$BATS_TEST_TMPDIR/figure.svg"
    [ "$(wc -c <"$BATS_TEST_TMPDIR/figure.svg")" -lt 200000 ]
}

# well_formed FILE: every tag that is opened is closed; by xmllint, too, where there is one.
well_formed() {
    tr '\n' ' ' <"$1" | grep -o '<[^>]*>' | awk '
        /^<\// { if (open[depth--] != substr($1, 3, length($1) - 3)) exit bad = 1; next }
        !/\/>$/ { name = substr($1, 2); sub(/>$/, "", name); open[++depth] = name }
        END { exit bad || depth != 0 }' || return
    if command -v xmllint >/dev/null; then
        xmllint --noout "$1"
    fi
}

@test "an SVG is well-formed, and has a title, a text for those who cannot see it, axis and legend" {
    b_waits_for_a | trace_of
    figure=$BATS_TEST_TMPDIR/figure.svg
    timeline --title 'A & <B>' "$trace" >"$figure"
    well_formed "$figure"
    grep -q '<title id="title">A &amp; &lt;B></title>' "$figure"
    grep -q '^B: waited 86 of 90 ms, longest 86 ms in recv\.' "$figure"
    grep -q '>milliseconds</text>' "$figure"
    grep -q '>waiting, in the call named</text>' "$figure"
    grep -q 'prefers-color-scheme: dark' "$figure"
    [ "$(grep -c '<rect class="wait"' "$figure")" -ge 4 ] # three waits, and the legend
}

@test "several traces are drawn one below the other, each from its own beginning" {
    b_waits_for_a | trace_of
    mv "$trace" "$BATS_TEST_TMPDIR/one.json"
    b_waits_for_a | sed 's/"ts":\([0-9]*\)\./"ts":9\1./; s/"server"/"other"/' | trace_of
    mv "$trace" "$BATS_TEST_TMPDIR/two.json"
    run -0 --keep-empty-lines timeline --text "$BATS_TEST_TMPDIR/"{one,two}.json
    [[ ${lines[0]} = one && ${lines[1]} = "A "* && ${lines[4]} = "" && ${lines[5]} = two ]]
    [ "${lines[2]}" = "${lines[7]}" ]
    [[ ${lines[8]} = "other "* ]]
    timeline "$BATS_TEST_TMPDIR/"{one,two}.json >"$BATS_TEST_TMPDIR/figure.svg"
    grep -q '^two, B: waited 86 of 90 ms' "$BATS_TEST_TMPDIR/figure.svg"
}

# refused LINE REASON: the trace is, and both are told.
refused() {
    run -1 timeline --text "$trace"
    echo "$output"
    [ "$output" = "timeline: $trace:$1: $2" ]
}

@test "a broken trace is refused with the line and the reason" {
    echo 'hello' >"$trace"
    refused 1 "not a trace that TRACE=file has written: it begins with a line '['"
    : >"$trace"
    refused 0 "it ends without a closing bracket"
    b_waits_for_a | trace_of
    sed -i '$d' "$trace"
    refused 16 "it ends without a closing bracket"
    b_waits_for_a | trace_of
    echo more >>"$trace"
    refused 18 "something follows the closing bracket"
    b_waits_for_a | trace_of
    sed -i '5s/.......$//' "$trace"
    refused 5 "an entry that is cut off"
    b_waits_for_a | trace_of
    sed -i '5s/"dur":[0-9.]*/"dur":x/' "$trace"
    refused 5 "an entry whose pid, tid, ts or dur is no number"
    b_waits_for_a | trace_of
    sed -i '5s/"name":/"nom":/' "$trace"
    refused 5 "an entry without a name or a category"
    b_waits_for_a | trace_of
    sed -i '3s/.*/hello/' "$trace"
    refused 3 "not an entry as TRACE=file writes them, one a line"
    printf '[\n\n]\n' >"$trace"
    refused 3 "nothing has happened in it"
    run -1 timeline "$BATS_TEST_TMPDIR/missing.json"
    [[ $output = "timeline: open: No such file or directory (ENOENT): "* ]]
}

@test "a wrong option is refused, and -h tells the right ones" {
    run -2 timeline --columns 1000 "$trace"
    [ "$output" = "timeline: a number from 40 to 200 is needed, not '1000'" ]
    run -2 timeline
    [[ $output = "usage: timeline "* ]]
    run -0 timeline -h
    [[ $output = "usage: timeline "* ]]
}
