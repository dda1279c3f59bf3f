load lib/servers
teardown() { end_servers; }

# ---- two forms ----

# given INPUT COMMAND...: runs it with these bytes (as printf '%b' reads them) on standard input.
given() {
    printf '%b' "$1" >"$BATS_TEST_TMPDIR/input"
    "$BUILD/08-fsm/$2" "${@:3}" <"$BATS_TEST_TMPDIR/input"
}

@test "by-type: a packet is handled by its type, whatever came before it" {
    run -0 given 'E5helloU5helloC5hello' by-type
    [ "$output" = $'E: hello\nU: HELLO\nC: 5 bytes\nthe end' ]
    run -0 given 'C0U2abE1x' by-type
    [ "$output" = $'C: 0 bytes\nU: AB\nE: x\nthe end' ]
}

@test "by-type: the length passes it over a packet that it does not know" {
    run -0 given 'X3U1aE1b' by-type
    [ "$output" = $'no type of ours, passed over: 3 bytes\nE: b\nthe end' ]
    run -1 given 'E1bExU1a' by-type
    [ "$output" = $'E: b\na length that is no digit' ]
}

@test "by-type: an input that ends in the middle of a packet is no end" {
    for rest in U U5 U5hell; do
        run -1 given "E5hello$rest" by-type
        [ "$output" = $'E: hello\nthe input ended in the middle of a packet' ]
    done
}

@test "by-transition: from A to B, as often as there is data in B, and to C, where it ends" {
    run -0 given 'H5carolD3oneD0E0D3two' by-transition
    [ "$output" = "A_GREETING H5carol     -> B_DATA
B_DATA     D3one       -> B_DATA
B_DATA     D0          -> B_DATA
B_DATA     E0          -> C_ENDED" ]
}

@test "by-transition: the same packet is right in one state and a mistake in another" {
    run -1 given 'D3one' by-transition
    [ "$output" = "A_GREETING D3one       -> REFUSED" ]
    run -1 given 'H1xH1x' by-transition
    [ "${lines[1]}" = "B_DATA     H1x         -> REFUSED" ]
}

@test "by-transition: it knows in which state the input ended, and whether a packet was cut" {
    run -1 given 'H5carolD3one' by-transition
    [ "${lines[2]}" = "B_DATA     the input ended here" ]
    run -1 given 'H5car' by-transition
    [ "$output" = "A_GREETING the input ended here, in a packet" ]
}

# ---- exhibits: the same commands, on the twin and on the exhibit ----

# finds_all_heads PROGRAM: three heads, whatever a read brings.
finds_all_heads() {
    local n
    for n in 4096 1 2 3 4 5 7 11; do
        run -0 given 'GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\nGET /\r\rx\r\n\r\n' "$1" -n "$n"
        echo "$n bytes a read: $output"
        [ "$output" = "heads: 3" ] || return 1
    done
}

@test "a head that is cut anywhere is found by a machine that keeps its state, and lost by locals" {
    finds_all_heads counts-heads
    run -1 finds_all_heads bad-state-in-locals
    [[ $output = "4096 bytes a read: heads: 3"$'\n'* ]] # in one piece it looks right
}

# refuses_what_is_none PROGRAM: what is no request line is answered 400, and a request line is not.
refuses_what_is_none() {
    run given 'GET /a HTTP/1.1\nGET  /a HTTP/1.1\n GET /a HTTP/1.1\nGET /a HTTP/1.1 \n'\
'GET /a HTTP/1.1\0more\nGET /a HTTP/1.1 more\nGET /a\n\nPUT /b HTTP/1.0\n' "$1"
    echo "$output"
    [ "$output" = "[GET] [/a] [HTTP/1.1]
400
400
400
400
400
400
400
[PUT] [/b] [HTTP/1.0]" ]
}

@test "strtok() makes a request of lines that are none; a machine of three states does not" {
    refuses_what_is_none request-line
    run -1 refuses_what_is_none bad-parses-with-strtok
    [[ $output = *$'\n[GET] [/a] [HTTP/1.1]\n[GET] [/a] [HTTP/1.1]\n'* ]]
}

# keeps_the_secret PROGRAM: what comes back is what was sent, and not more than was sent.
keeps_the_secret() {
    run -0 given '\x08\0\0\0\0\0\x05hello' "$1"
    [ "$output" = hello ] || return 1
    run given '\x08\0\0\0\0\0\x40hello' "$1"
    # shellcheck disable=SC2154 # run sets it
    [[ $status -eq 1 && $output = "" ]] && return
    echo "$output"
    return 1
}

@test "a length that is believed gives away what lies behind the buffer; one that is checked does not" {
    keeps_the_secret answers-heartbeat
    run -1 keeps_the_secret bad-trusts-length
    if [[ $BUILD = *asan* ]]; then
        [[ $output = *"heap-buffer-overflow"* ]]
    else
        [[ $output = *"the password of somebod"* ]]
    fi
}

# ---- the machines, shown ----

@test "http-machine: every byte leads to a state, and the last one is lit" {
    run -0 given 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' http-machine
    [ "$output" = '                GET / HTTP/1.1\\Host: a\\\\
                              rn       rnrn
START                                     # <
METHOD          ###
TARGET             ##
VERSION              #########
REQUEST_LF                    #
FIELD                          #        #
NAME                            ####
BEFORE_VALUE                        ##
VALUE                                 #
VALUE_LF                               #
HEAD_LF                                  #
HTTP_HEAD: GET /, HTTP/1.1, fields: 1, then keep-alive; a body of 0 bytes
HTTP_END: the message is complete' ]
}

@test "http-machine: at the byte where it ceases to be a request it stops, with a status" {
    while read -r state refusal request; do
        run -1 given "$request" http-machine
        [[ ${lines[-1]} = "HTTP_ERROR: $refusal "*"; it was in the state $state" ]]
        [[ $output = *$'\n'"BROKEN "*"# <"$'\n'* ]]
    done <<'END'
        VERSION      400 GET / HTTP/1.1\nHost: a
        REQUEST_LF   400 GET / HTTP/1.1\rHost: a
        REQUEST_LF   505 GET / HTTP/2.0\r\nHost: a
        NAME         400 GET / HTTP/1.1\r\nHost : a
        FIELD        400 GET / HTTP/1.1\r\nHost: a\r\n b
        VALUE        400 GET / HTTP/1.1\r\nHost: a\0b
        HEAD_LF      400 GET / HTTP/1.1\r\n\r\n
        START        400 \x20GET / HTTP/1.1\r\n
END
}

@test "http-machine: it can stop after any byte, and says so when the input does" {
    request='PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy'
    for ((n = 1; n <= ${#request}; n++)); do
        [[ ${request:n-1:1} != "\\" ]] || continue # printf would read half an escape
        if ((n < ${#request})); then
            run -1 given "${request:0:n}" http-machine
            [[ ${lines[-1]} = "the input ended in the middle of a message" ]]
        else
            run -0 given "$request" http-machine
            [[ ${lines[-1]} = "HTTP_END: the message is complete" ]]
        fi
    done
}

@test "frame-machine: it counts its way from frame to frame, and knows when one was cut" {
    run -0 given '\x02\0\0\0\x07\0\x02hi\x03\0\0\0\x07\0\0' frame-machine
    [ "$output" = '                0\\\0\0hi0\\\0\\
                2000702  3000700
COMMAND                 #      # <
STREAM_4        #        #
STREAM_3         #        #
STREAM_2          #        #
STREAM_1           #        #
LENGTH_2            #        #
LENGTH_1             #        #
DATA                  ##
FRAME_HEAD: command 2 (PSH), stream 7, 2 bytes of data
FRAME_END: the frame is complete
FRAME_HEAD: command 3 (FIN), stream 7, 0 bytes of data
FRAME_END: the frame is complete' ]
    frame='\x02\x01\x02\x03\x04\x01\x01'$(printf 'x%.0s' {1..257})
    run -0 given "$frame" frame-machine
    [[ $output = *"stream 16909060, 257 bytes of data"* ]]
    for cut in 4 8 24 28 40 284; do # after bytes 1, 2, 6, 7, 19, 263
        run -1 given "${frame:0:cut}" frame-machine
        [[ ${lines[-1]} = "the input ended in the middle of a frame" ]]
    done
}
