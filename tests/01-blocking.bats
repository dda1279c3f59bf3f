load lib/servers
teardown() { end_servers; }

@test "one-at-a-time starts, and stops on SIGTERM with status 0" {
    start_server 01-blocking/one-at-a-time
    stop_server
}

@test "a silent peer does not keep it from stopping" {
    start_server 01-blocking/one-at-a-time
    exec 8<>"/dev/tcp/127.0.0.1/$PORT"
    echo hello >&8
    read -r line <&8
    [ "$line" = hello ]
    stop_server INT
}

@test "a peer that never reads does not keep it from stopping" {
    start_server 01-blocking/one-at-a-time
    exec 8<>"/dev/tcp/127.0.0.1/$PORT"
    head -c 20000000 /dev/zero >&8 3>&- 4>&- &
    poll_until 5 is_asleep $!
    stop_server
}
