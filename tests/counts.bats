# counts.bats - what the load generator has counted is what the server has counted, exactly
#
# The servers of the book are asked by COUNT=1 how many bytes they have read and written, nginx is
# asked for its access log. What was in flight when the time was up load counts apart, and says how
# much of it was answered late. Only if that is all of it do both sides know the same; so where a
# window ends in the middle of something, all is done again with a longer one until it is so.

# shellcheck disable=SC2317 # each() calls what it is given
load lib/servers

teardown() {
    if [[ ! ${BATS_TEST_COMPLETED:-} ]]; then
        echo "the server was $PROGRAM, and was asked so:"
        echo "$STORY"
    fi
    end_servers
}

# ---- asking ----

# A new server: nothing has been asked yet.
begin_story() {
    STORY="" HEARD=yes            # has load heard of all that it has sent?
    REQUEST=100 ANSWER=100 FILE=0 # bytes of a request, of its answer, and of a file read for it;
    REQUESTS=0 ANSWERS=0 FILES=0  #   and of all that were asked
}

# ask OPTION...: load asks the server, by HTTP for what is in PATHS if that is set. V is what it has
# written. What the server must have counted of it is added to the sums.
ask() {
    local key value answers operands=("$ADDRESS" "$PORT")
    [[ ! ${PATHS+x} ]] || operands=("${PATHS[@]/#/http://$ADDRESS:$PORT}")
    declare -gA V=()
    run timeout 60 "$BUILD/10-webbench/load" -q -o "$BATS_TEST_TMPDIR/values" "$@" \
        "${operands[@]}" 3>&- 4>&-
    STORY+="load $*: $output"
    while IFS='=' read -r key value; do
        V[$key]=$value
        [[ $key = *_us || $value = 0 ]] || STORY+=" $key=$value"
    done <"$BATS_TEST_TMPDIR/values"
    STORY+=$'\n'
    rm "$BATS_TEST_TMPDIR/values"
    ((V[responses] > 0 && V[late] == V[in_flight])) || HEARD=no
    answers=$((V[responses] + V[late] + V[warm_up]))
    REQUESTS=$((REQUESTS + REQUEST * (V[sent] + V[warm_up])))
    ANSWERS=$((ANSWERS + ANSWER * answers)) FILES=$((FILES + FILE * answers))
}

# ask_all N OPTION...: asks for N answers, and gets them to the last byte.
ask_all() {
    ask -n "$@"
    same "answers" "$1" "${V[responses]}"
    same "bytes of requests" $((REQUEST * $1)) "${V[bytes_sent]}"
    same "bytes of answers" $((ANSWER * $1)) "${V[bytes_received]}"
}

# compare ASKED AGREES: asks, with a longer WINDOW each time until load has heard of all of it; then
# the server agrees, or says what is different.
compare() {
    for WINDOW in 0.1 0.5 3; do
        "$1"
        [[ $HEARD = no ]] || break
    done
    "$2"
    [[ $HEARD = yes ]] || {
        echo "nothing was answered, or something never while load was there"
        return 1
    }
}

# same WHAT SERVER LOAD: both have counted it.
same() {
    (($2 == $3)) || {
        echo "$1: $2 for the server, and for load $3"
        return 1
    }
}

# ---- the servers of the book ----

# each PROTOCOL CHECK: runs CHECK on every server of the table that speaks it, if need be with -P.
# What load does not speak is not asked for: count, store and udp. OPTIONS are those that the server
# needs, MANY is how many connections that stay it serves.
each() {
    local usage protocol at_once
    while IFS=$'\t' read -r PROGRAM protocol at_once _ <&7; do
        [[ $PROGRAM != "#"* && $PROGRAM != program ]] || continue
        usage=$("$BUILD/$PROGRAM" -h)
        OPTIONS=()
        if [[ $usage = *" -P PROTOCOL "* ]]; then
            OPTIONS+=(-P "$1")
        elif [[ $protocol != "$1" ]]; then
            continue
        fi
        [[ $1 != http || $usage != *" -d DIRECTORY "* ]] || OPTIONS+=(-d "$BATS_TEST_TMPDIR/site")
        [[ $PROGRAM != */proactor-aio ]] || OPTIONS+=(-v)
        MANY=1
        [[ $at_once != @(many|[1-9][0-9]) ]] || MANY=10
        "$2"
    done 7<"$TOP/tests/contract.tsv"
}

start_counting() {
    begin_story
    COUNT=1 start_server "$PROGRAM" "${OPTIONS[@]}"
    poll_until 5 settled
    DESCRIPTORS=$(descriptor_count "$SERVER")
}

settled() {
    [[ $PROGRAM = */ask-in-a-loop ]] || is_asleep "$SERVER"
}

# stop_counting: when nobody is connected any more; then the last call has been counted, too.
stop_counting() {
    poll_until 5 left_alone
    stop_server
}

left_alone() {
    descriptors_are "$SERVER" "$DESCRIPTORS" && [[ $(process_tree "$SERVER") = "$SERVER" ]]
}

# counted COLUMN CALL...: what COUNT=1 has told of these calls: 2 how many, 5 the bytes.
counted() {
    awk -v column="$1" -v calls=" ${*:2} " '
        index(calls, " " $1 " ") { sum += $column }
        END { printf "%.0f\n", sum }' "$SERVER_ERR"
}

# others_read: libc reads and writes for it, or the kernel, and nobody counts the bytes.
others_read() {
    [[ $PROGRAM = 06-proactor/@(proactor-aio|uring-*) ]]
}

# agrees_with_echo: the server has read all requests and written all answers. Where others do that,
# it has asked for as many writes as there are answers.
agrees_with_echo() {
    local read writes
    if others_read; then
        writes=$(counted 2 send)
        [[ $PROGRAM != */proactor-aio ]] || read -r _ _ writes _ < <(grep ' writes, ' "$SERVER_ERR")
        same "writes" "$writes" $((ANSWERS / ANSWER))
        return
    fi
    read=$(counted 5 read recv)
    [[ $PROGRAM != */signals-as-events ]] || read=$((read - 128)) # the signal that has ended it
    same "bytes that the server has read" "$read" "$REQUESTS"
    same "bytes that the server has written" "$(counted 5 write send)" "$ANSWERS"
}

# agrees_with_http: the same; where others read and write, what is left are the files that it has
# read itself, one for each answer.
agrees_with_http() {
    if others_read; then
        same "bytes that the server has read from files" "$(counted 5 read)" "$FILES"
        return
    fi
    same "bytes that the server has read" "$(counted 5 read recv)" $((REQUESTS + FILES))
    same "bytes that the server has written" "$(counted 5 write writev send)" "$ANSWERS"
}

@test "an echo server has read and written what load has counted, whether clients stay or visit" {
    asked() {
        start_counting
        ask_all 200 -c "$MANY"
        ask_all 70 -c 7 --visits
        ask -t "$WINDOW" -c "$MANY"
        stop_counting
    }
    check() {
        compare asked agrees_with_echo
    }
    each echo check
}

@test "load and server agree with a warm-up, a rate, threads, long messages and calls cut short" {
    PROGRAM=11-models/epoll OPTIONS=()
    asked() {
        start_counting
        ask_all 501 -c 10 -T 3
        ask -t "$WINDOW" -c 10 -W 0.05 -T 2
        ((V[warm_up] > 0)) || HEARD=no
        ask -t "$WINDOW" -c 7 --visits
        ask -t "$WINDOW" -c 10 -R 2000
        ask -t "$WINDOW" -c 2 -R 1000000
        ((V[unsent] > 0)) # and these do not count
        REQUEST=30 ANSWER=30
        FAULTS=recv:short,send:short,epoll_wait:EINTR ask_all 50 -c 3 -l 30
        REQUEST=3000000 ANSWER=3000000
        ask_all 5 -c 2 -l 3000000 --visits
        ask -t "$WINDOW" -c 2 -l 3000000
        stop_counting
    }
    compare asked agrees_with_echo
}

# by_hand TARGET [HEADER]: asks for it without load, to know what a request and its answer have.
by_hand() {
    local nl=$'\r\n' text line body=0
    text="GET $1 HTTP/1.1${nl}Host: $ADDRESS:$PORT$nl${2:+$2$nl}$nl"
    REQUEST=${#text} ANSWER=0 FILE=0
    exec {PEER}<>"/dev/tcp/$ADDRESS/$PORT"
    printf '%s' "$text" >&"$PEER"
    until [[ $line = $'\r' ]]; do
        IFS= read -rt 10 -u "$PEER" line
        ANSWER=$((ANSWER + ${#line} + 1))
        [[ ${line,,} != content-length:* ]] || body=${line//[^0-9]/}
        [[ $line != "HTTP/1.1 200 "* || ${OPTIONS[*]} != *"-d "* ]] || FILE=$SIZE
    done
    read -rt 10 -N "$body" -u "$PEER" line
    [ "${#line}" -eq "$body" ]
    exec {PEER}>&-
    ANSWER=$((ANSWER + body))
    REQUESTS=$((REQUESTS + REQUEST)) ANSWERS=$((ANSWERS + ANSWER)) FILES=$((FILES + FILE))
}

@test "an HTTP server agrees with load: connections kept, pipelined and closed, and a 404" {
    local PATHS
    mkdir "$BATS_TEST_TMPDIR/site"
    seq 100 >"$BATS_TEST_TMPDIR/site/there"
    SIZE=$(stat -c %s "$BATS_TEST_TMPDIR/site/there")
    asked() {
        start_counting
        PATHS=(/nope)
        by_hand /nope
        ask_all 40 -c "$MANY"
        PATHS=(/there)
        by_hand /there
        ask_all 60 -c "$MANY"
        # Those two end each connection after an answer: what was asked behind it is lost.
        [[ $PROGRAM = 03-http/@(serve-one|tunnel) ]] || ask_all 60 -c "$MANY" -p 4
        by_hand /there "Connection: close"
        ask_all 70 -c 7 --visits
        ask -t "$WINDOW" -c 7 --visits
        stop_counting
    }
    check() {
        compare asked agrees_with_http
    }
    each http check
}

# ---- nginx ----

# start_nginx [SETTING]: at an address of the loopback network of its own, where every port is free.
# In a line of its LOG stand the status and the lengths of the request, of the answer, and of a body
# that was thrown away, which $request_length leaves out.
start_nginx() {
    local temp=$BATS_TEST_TMPDIR/temp
    ADDRESS=127.$((1 + $$ / 65536 % 254)).$(($$ / 256 % 256)).$((1 + $$ % 254)) PORT=8765
    begin_story
    LOG=$BATS_TEST_TMPDIR/log
    rm -f "$LOG"
    cat >"$BATS_TEST_TMPDIR/nginx.conf" <<END
daemon off;
master_process off;
pid $temp/pid;
events { }
http {
    client_body_temp_path $temp;
    proxy_temp_path $temp;
    fastcgi_temp_path $temp;
    uwsgi_temp_path $temp;
    scgi_temp_path $temp;
    log_format lengths '\$status \$request_length \$bytes_sent \$content_length';
    access_log $LOG lengths;
    server {
        listen $ADDRESS:$PORT;
        root $BATS_TEST_TMPDIR/site;
        location /taken { return 200 "taken\\n"; }
        $1
    }
}
END
    SERVER_ERR=$BATS_TEST_TMPDIR/nginx.err
    run_apart nginx -e stderr -c "$BATS_TEST_TMPDIR/nginx.conf" </dev/null 2>"$SERVER_ERR" >&2 &
    SERVER=$!
    SERVERS+=("$SERVER") SERVERS_ERR+=("$SERVER_ERR")
    echo "$SERVER" >>"$BATS_TEST_TMPDIR/servers"
    poll_until 10 listens
}

listens() {
    { : <>"/dev/tcp/$ADDRESS/$PORT"; } 2>/dev/null
}

prepare_nginx() {
    command -v nginx >/dev/null || skip "nginx is not installed"
    PROGRAM=nginx
    mkdir "$BATS_TEST_TMPDIR/site" "$BATS_TEST_TMPDIR/temp"
    seq 100 >"$BATS_TEST_TMPDIR/site/there"
    seq 999 >"$BATS_TEST_TMPDIR/site/here"
}

# logged STATUS: how many requests with such a status, a pattern, stand in the log.
logged() {
    awk -v status="$1" '$1 ~ status { n++ } END { print n + 0 }' "$LOG"
}

# logged_bytes COLUMN...
logged_bytes() {
    awk -v columns="$*" '
        BEGIN { count = split(columns, column) }
        { for (i = 1; i <= count; i++) sum += $column[i] }
        END { printf "%.0f\n", sum }' "$LOG"
}

logged_so_many() {
    (($(logged .) >= $1))
}

# agrees_with_log SETTING OPTION...: a new nginx is asked. In its log are as many requests as load
# has had answers, with their status, and if none was lost, their bytes. WINDOW among the options is
# as long as it has to be.
agrees_with_log() {
    local setting=$1 answers options=("${@:2}")
    asked() {
        start_nginx "$setting"
        ask "${options[@]/#WINDOW/$WINDOW}"
        answers=$((V[responses] + V[late] + V[warm_up]))
        poll_until 5 logged_so_many "$answers"
        stop_server
    }
    agrees() {
        local class told late=${V[late]}
        same "requests" "$(logged .)" "$answers"
        ((V[warm_up] == 0)) || return 0 # of which load says no more than how many they were
        for class in 2 3 4 5; do
            told=${V[status_${class}xx]}
            same "answers ${class}xx" "$(logged "^$class")" $((told + late))
            late=0 # of the first class: who is asked for a time answers with 200
        done
        ((V[late] > 0)) || same "bytes of answers" "$(logged_bytes 3)" "${V[bytes_received]}"
        ((V[sent] > V[responses] + V[late])) ||
            same "bytes of requests" "$(logged_bytes 2 4)" "${V[bytes_sent]}"
    }
    compare asked agrees
}

@test "nginx has logged what load has counted: kept, pipelined, closed, POST, 404, several URLs" {
    local PATHS=(/there)
    prepare_nginx
    agrees_with_log "" -n 300 -c 10
    agrees_with_log "" -n 300 -c 10 -p 8
    agrees_with_log "" -n 300 -c 10 -T 3 --visits
    agrees_with_log "keepalive_requests 7;" -n 300 -c 10
    ((V[failures] == 0))
    agrees_with_log "keepalive_requests 7;" -n 300 -c 10 -p 3
    ((V[failures] > 0)) # nginx has read these, perhaps, but not answered
    PATHS=(/taken)
    agrees_with_log "" -n 300 -c 10 -d "x=1"
    PATHS=(/nope)
    agrees_with_log "" -n 300 -c 10 -e 404
    ((V[requests] == 300))
    PATHS=(/there /nope /here /taken)
    agrees_with_log "" -n 300 -c 10 -p 3
    ((V[wrong_status] > 50 && V[requests] > 150))
}

@test "nginx has logged what load has counted within a time, with a warm-up, and at a rate" {
    local PATHS=(/there)
    prepare_nginx
    agrees_with_log "" -t WINDOW -c 10
    agrees_with_log "" -t WINDOW -c 10 -p 4
    agrees_with_log "" -t WINDOW -c 10 --visits
    agrees_with_log "" -t WINDOW -c 10 -W 0.05
    agrees_with_log "" -t WINDOW -c 10 -R 2000
    agrees_with_log "" -t WINDOW -c 2 -R 1000000
    ((V[unsent] > 0))
}
