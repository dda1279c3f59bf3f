# Chapter 10: the small programs. A test of an exhibit passes on its twin, and is seen to fail on it.
#
# Nothing here depends on how quick the machine is: what is counted are waits for a pause that is
# long against everything else, or CPU times, or there is only one right answer.

load lib/servers
teardown() { end_servers; }

here=10-webbench

# client PROGRAM [ARGUMENT...]: the small client against the server.
client() {
    "$BUILD/$here/$1" "${@:2}" "$ADDRESS" "$PORT"
}

# ask_http REQUEST: sets ANSWER to all that comes until the server ends.
ask_http() {
    local fd
    exec {fd}<>"/dev/tcp/$ADDRESS/$PORT"
    printf %b "$1" >&"$fd"
    ANSWER=$(timeout 10 cat <&"$fd")
    exec {fd}>&-
}

# ---- liar-404 ----

@test "liar-404 has a page for GET of HTTP/1.1; whoever asks otherwise gets 112 bytes, and 404" {
    local request no
    start_server $here/liar-404 -v
    ask_http 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    [[ $ANSWER = "HTTP/1.1 200 OK"*"Content-Length: 1024"*"Hello."* ]]
    for request in 'GET / HTTP/1.0\r\n\r\n' 'GET /\r\n' 'HEAD / HTTP/1.1\r\n\r\n' 'GET HTTP/1.1\r\n\r\n' \
        '\r\n' 'GE\0T / HTTP/1.1\r\n\r\n'; do
        ask_http "$request"
        [ ${#ANSWER} -eq 112 ]
        [[ $ANSWER = "HTTP/1.1 404 Not Found"* ]]
        no=$((${no:-0} + 1))
    done
    stop_server
    [ "$(<"$SERVER_ERR")" = "1 times 200, $no times 404" ]
}

@test "liar-404 keeps a connection of HTTP/1.1, and answers what comes in pieces, or two at once" {
    local head='HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n'
    local page='<!doctype html>\n<title>page</title>\n<p>Hello.' spaces=$((1024 - 45 - 1))
    start_server $here/liar-404
    talk <<<"A connect
             A send-slowly \"GET / HTTP/1.1\r\n\r\n\"
             A recv \"$head$page\"
             A recv \" \" * $spaces
             A recv \"\n\"
             A send \"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n\r\n\"
             A recv \"$head$page\"
             A recv \" \" * $spaces
             A recv \"\nHTTP/1.1 404 Not Found\"
             A recv \"\r\nContent-Type: text/html\r\nContent-Length: 22\r\nConnection: close\r\n\r\n\"
             A recv \"<h1>404 Not Found</h1>\"
             A end"
    stop_server
}

# ---- pauses ----

@test "pauses answers, stops for a while, and answers again; each time somebody has waited" {
    local pauses
    start_server $here/pauses -e 1 -s 20 -v
    run -0 client bad-coordinated-omission -n 300 -w 20
    [[ ${lines[2]} =~ ^([0-9]+)" of 300 took 20 ms or more"$ ]]
    stop_server
    read -r pauses _ <"$SERVER_ERR"
    ((pauses >= 1 && BASH_REMATCH[1] >= pauses))
}

# ---- exhibits: the same test on the twin and on the exhibit ----

# tells_who_waited PROGRAM: of 200 requests two have waited for 100 ms; its report knows of somebody
# who has waited for so long.
tells_who_waited() {
    local output status=0
    start_server $here/pauses -n 100 -s 100 -v
    output=$(client "$1" -n 200) || status=$?
    stop_server
    echo "$output"
    [[ $status:$(<"$SERVER_ERR") = "0:2 pauses" ]] || return 2
    awk '{ for (i = 1; i <= NF; i++) if ($i ~ /\./ && $i >= 100) known = 1 }
         END { exit !known }' <<<"$output"
}

@test "closed-loop tells what the slowest took; bad-average-latency an average that nobody has seen" {
    tells_who_waited closed-loop
    run -1 tells_who_waited bad-average-latency
    [[ $output = *"ms on average" ]]
}

# sees_the_pause PROGRAM: a request is due every millisecond, and for 300 ms the server pauses: those
# of the first half must be known to have waited for 150 ms at least. A client whose clock begins
# when it sends can have so many only if it runs for 15 seconds.
sees_the_pause() {
    local output status=0
    start_server $here/pauses -e 100 -s 300
    output=$(client "$1" -r 1000 -n 500 -w 150) || status=$?
    stop_server
    echo "$output"
    ((status == 0)) && [[ $output =~ ([0-9]+)" of 500 took 150 ms or more" ]] &&
        ((BASH_REMATCH[1] >= 100))
}

@test "open-loop counts all who were due in the pause; bad-coordinated-omission the one it had sent" {
    sees_the_pause open-loop
    run -1 sees_the_pause bad-coordinated-omission
    [[ $output = *" of 500 took 150 ms or more" ]]
}

# counts_answers PROGRAM: where nobody listens nothing is answered, and the status says that it
# has failed.
counts_answers() {
    local output status=0
    start_server $here/pauses
    output=$(client "$1" -n 10) || status=$?
    [[ $status:$output = "0:10 answered, "*" a second" ]] || return 2
    stop_server
    output=$(client "$1" -n 10) || status=$?
    echo "$output"
    [[ $status:$output = $'1:0 answered, 0 a second\n10 refused' ]]
}

@test "where nobody listens nothing is answered; bad-counts-connect-failures-as-success is fast" {
    counts_answers counts-by-kind
    run -1 counts_answers bad-counts-connect-failures-as-success
    [[ $output = "10 answered, "* ]]
}

@test "counts-by-kind tells refused, reset and closed early apart" {
    local wrong
    for wrong in resets:reset closes:"closed early"; do
        start_server "$BUILD/tests/misbehave" -w "${wrong%%:*}"
        run -1 client counts-by-kind -n 3
        [ "${lines[1]}" = "3 ${wrong#*:}" ]
        stop_server
    done
}

# blames_who_is_slow PROGRAM: the server gets a rate only where it needs more CPU than the client.
blames_who_is_slow() {
    local output
    output=$("$BUILD/$here/$1" -n 100 -i 0 -w 1000) || return 2
    [[ $output = *"the server answers "* ]] || return 2
    output=$("$BUILD/$here/$1" -n 500 -i 1000 -w 0) || true
    echo "$output"
    [[ $output = *"client-bound"* && $output != *"the server answers "* ]]
}

@test "who-is-the-limit gives no verdict where it is the limit; bad-client-bound blames the server" {
    blames_who_is_slow who-is-the-limit
    run -1 blames_who_is_slow bad-client-bound
    [[ $output = "the server answers "* ]]
}
