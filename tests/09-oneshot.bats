load lib/servers
teardown() { end_servers; }

here=09-oneshot

# says PROGRAM [ARGUMENT...]: what it prints on stdout. An exhibit may end with any status, and have
# a sanitizer say what it likes on stderr.
says() {
    if [[ $1 = bad-* ]]; then
        "$BUILD/$here/$1" "${@:2}" 2>/dev/null || true
    else
        "$BUILD/$here/$1" "${@:2}"
    fi
}

# ---- two workers, one connection ----

# keeps_apart WAY: two workers never meet at the connection, and nothing overtakes anything.
keeps_apart() {
    local output
    output=$(says two-workers -t "$1" -n 8 -s 150) || { echo "$output" && return 2; }
    echo "$output"
    [[ $output =~ \ 0\ +0\ +abcdefgh$ ]]
}

@test "two workers meet at one connection, by level and by edge; with EPOLLONESHOT they do not" {
    local way
    for way in lt-oneshot et-oneshot; do
        keeps_apart $way
    done
    for way in lt et; do
        run -1 keeps_apart $way
        [[ $output =~ \ ([0-9]+)\ +([0-9]+)\ +([a-h]+)$ ]]
        ((BASH_REMATCH[1] > 0 && BASH_REMATCH[2] > 0)) # overlaps; overtaken
    done
}

@test "in 100,000 messages with EPOLLONESHOT there is not one overlap, and each is told once" {
    local messages=100000
    [[ $BUILD != *san* ]] || messages=5000
    run -0 "$BUILD/$here/two-workers" -t et-oneshot -n $messages -s 0
    echo "$output"
    [[ ${lines[1]} =~ \ $messages\ +0\ +0\ +abcdefghijklmnop$ ]]
}

# ---- what is told ----

# told_after THING [NTH]: what is told after it to EPOLLIN alone, with EPOLLET, with EPOLLONESHOT and
# with both.
told_after() {
    grep -F -- "$1" <<<"$output" | sed -n "${2:-1}s/^.\{34\}//p" | sed 's/   */|/g'
}

@test "EPOLLONESHOT tells once, whatever comes, and not even that the peer is gone" {
    run -0 "$BUILD/$here/what-epoll-tells"
    [ "$(told_after "a byte comes")" = "in|in|in|in" ]
    [ "$(told_after "asked again")" = "in|-|-|-" ]
    [ "$(told_after "another byte comes")" = "in|in|-|-" ]
    [ "$(told_after "another byte comes" 2)" = "in|in|-|-" ]
    [ "$(told_after "the peer hangs up")" = "in, hup|in, hup|-|-" ]
}

@test "EPOLL_CTL_MOD tells what has come before it, by the edge, too" {
    run -0 "$BUILD/$here/what-epoll-tells"
    [ "$(told_after "the same interest")" = "in|in|in|in" ]
    [ "$(told_after "the same interest" 2)" = "in, hup|in, hup|in, hup|in, hup" ]
}

@test "without any interest EPOLLHUP is told all the same, with EPOLLONESHOT once" {
    run -0 "$BUILD/$here/what-epoll-tells"
    [ "$(told_after "no interest")" = "hup|hup|hup|hup" ]
    [ "$(told_after "asked again" 2)" = "hup|-|-|-" ]
}

@test "EPOLLEXCLUSIVE goes with EPOLL_CTL_ADD only, and not with EPOLLONESHOT" {
    run -0 "$BUILD/$here/what-epoll-tells"
    [ "$(sed -n '/refuses/,$s/^ *\(.*[^ ]\)  *\(E[A-Z]*\|is done\)$/\1: \2/p' <<<"$output")" = \
        "EPOLLEXCLUSIVE with EPOLLONESHOT: EINVAL
EPOLLEXCLUSIVE: is done
EPOLL_CTL_MOD of it: EINVAL
EPOLLONESHOT: is done
EPOLL_CTL_ADD of it, to re-arm: EEXIST
EPOLL_CTL_MOD of it, with EPOLLEXCLUSIVE: EINVAL" ]
}

# ---- the state of a connection ----

# keeps_the_sum PROGRAM: each number is answered with the sum of all up to it.
keeps_the_sum() {
    local output
    output=$(says "$1" -s 100) || { echo "$output" && return 2; }
    echo "$output"
    [[ $output = *"answers: 1 3 6 10 15 21 28 36; the sum is 36" ]]
}

@test "re-armed last, a connection keeps its state; bad-rearms-too-early loses half of it" {
    keeps_the_sum rearm
    run -1 keeps_the_sum bad-rearms-too-early
    [[ $output =~ "the sum is "([0-9]+)$ ]]
    ((BASH_REMATCH[1] < 36))
}

@test "the edge does not keep two workers apart: bad-no-oneshot loses half of the state" {
    keeps_the_sum rearm
    run -1 keeps_the_sum bad-no-oneshot
    [[ $output =~ "the sum is "([0-9]+)$ ]]
    ((BASH_REMATCH[1] < 36))
}

@test "whoever is cut off is closed by its owner; with bad-close-under-feet B hears what is A's" {
    nobody_else_hears_it() {
        local output
        output=$(says "$1") || { echo "$output" && return 2; }
        echo "$output"
        [[ $output = *"B, who has asked nothing, hears: nothing" ]]
    }
    nobody_else_hears_it cut-off
    run -1 nobody_else_hears_it bad-close-under-feet
    [[ ${lines[0]} =~ "A has come, as descriptor "([0-9]+)$ ]]
    [[ $output = *"B has come, as descriptor ${BASH_REMATCH[1]}"*"A is answered"*"hears: for A only" ]]
}

@test "ThreadSanitizer names the line of a lost sum, and the descriptor that was closed under feet" {
    local name line slow tsan=$BATS_TEST_TMPDIR/tsan
    command -v clang >/dev/null || skip "clang is not installed"
    cd "$TOP"
    for name in bad-no-oneshot bad-rearms-too-early bad-close-under-feet; do
        clang -std=c11 -D_GNU_SOURCE -g -O1 -fsanitize=thread -pthread -Ilib -o "$tsan-$name" \
            "chapters/$here/$name.c" lib/{args,error,clock,io}.c
        slow=(-s 300)
        [[ $name != *close* ]] || slow=()
        run -99 setarch -R "$tsan-$name" "${slow[@]}"
        echo "$output"
        if [[ $name = bad-close-under-feet ]]; then
            [[ $output = *"data race"*"close "*"cut_off"*"serve"*"Location is file descriptor"*"socketpair"* ]]
        else
            line=$(grep -n 'connection.sum = sum;' "chapters/$here/$name.c")
            [[ $output = *"data race"*"Write of size 4"*"serve"*"$name.c:${line%%:*}"*"Previous write"* ]]
        fi
    done
}

# ---- the server ----

# interests: what the server's epoll watches: 40000019 is EPOLLIN with EPOLLONESHOT, EPOLLERR and
# EPOLLHUP; 40000000 is what is left of it when it has been told, until it is re-armed; the end of
# all is watched without EPOLLONESHOT, and left out here.
interests() {
    cat "/proc/$SERVER/fdinfo/"* 2>/dev/null | awk '$1 == "tfd:" && $4 ~ /^4/ { print $4 }' |
        sort | paste -sd ' '
}

interests_are() {
    [[ $(interests) = "$1" ]]
}

# serves_a_head_in_two PROGRAM: the first read finds one byte of it. Then all of its descriptors are
# armed again.
serves_a_head_in_two() {
    FAULTS=read:one@1 start_server "$here/$1" -P http
    TIME_SCALE=${2:-$TIME_SCALE} talk <<<'A connect
             A send "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
             A recv "HTTP/1.1 404 "
             B connect
             B send "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
             B recv "HTTP/1.1 404 "' || return
    stop_server
}

@test "re-armed on every way, a head in two pieces is served; bad-forgets-rearm leaves it disarmed" {
    serves_a_head_in_two oneshot
    run -1 serves_a_head_in_two bad-forgets-rearm 0.1
    echo "$output"
    [[ $output = *'step 3 failed'* ]]
}

@test "a connection that nobody re-arms is seen from outside, in /proc/PID/fdinfo" {
    local server
    for server in oneshot bad-forgets-rearm; do
        FAULTS=read:one@1 start_server "$here/$server" -P http
        exec {PEER}<>"/dev/tcp/$ADDRESS/$PORT"
        printf 'GET' >&"$PEER"
        case $server in
        oneshot) poll_until 5 interests_are "40000019 40000019" ;;
        *) poll_until 5 interests_are "40000000 40000019" ;;
        esac
        exec {PEER}>&-
    done
}

@test "four workers serve five peers that never stop, and no two of them meet at one" {
    start_server $here/oneshot -v
    talk <<<'A*5 connect
             A echo "0123456789" * 300000
             A half-close
             A end'
    stop_server
    cat "$SERVER_ERR"
    [[ $(<"$SERVER_ERR") =~ ^([0-9]+)\ told,\ 0\ met$ ]]
    ((BASH_REMATCH[1] >= 100))
}

@test "oneshot speaks http as well as echo" {
    mkdir "$BATS_TEST_TMPDIR/files"
    printf 'hello\n' >"$BATS_TEST_TMPDIR/files/a.txt"
    start_server $here/oneshot -P http -d "$BATS_TEST_TMPDIR/files"
    run -0 "$BUILD/03-http/get" "http://$ADDRESS:$PORT/a.txt"
    [[ $output = *hello* ]]
    stop_server
}

# ---- the thundering herd ----

# told WAY: so many were told of 16 peers, so many of them in vain, and how many peers each got.
told() {
    sed -n "s/^$1  *//p" <<<"$output" | tr -s ' '
}

@test "an epoll each: all are told of each peer, by the edge, too; with EPOLLEXCLUSIVE the first is" {
    run -0 "$BUILD/$here/herd" -w 5
    echo "$output"
    [[ $(told "an epoll each, by level") = "80 64 "* ]]
    [[ $(told "an epoll each, by edge") = "80 64 "* ]]
    [ "$(told "an epoll each, EPOLLEXCLUSIVE")" = "16 0 16 0 0 0 0" ]
}

@test "one epoll for all: by level all are told, by edge and with EPOLLONESHOT the last to come" {
    run -0 "$BUILD/$here/herd" -w 5
    echo "$output"
    [[ $(told "one epoll for all, by level") = "80 64 "* ]]
    [[ $(told "one epoll for all, by edge") =~ ^16\ 0\ (0\ )*16(\ 0)*$ ]]
    [[ $(told "one epoll for all, EPOLLONESHOT") =~ ^16\ 0\ (0\ )*16(\ 0)*$ ]]
}

@test "processes blocked in accept() are woken up in turn; SO_REUSEPORT deals by a hash" {
    run -0 "$BUILD/$here/herd" -w 4
    echo "$output"
    [ "$(told "in accept(), without epoll")" = "16 0 4 4 4 4" ]
    [[ $(told "a listener each, SO_REUSEPORT") = "16 0 "* ]]
}
