# 04-signals.bats - how each unit of chapter 04 ends, and signals as events of a loop

load lib/servers
load lib/compile
load 04-anatomy/store
teardown() { end_servers; }

here=04-anatomy
units=(blocking poll workers)

# ---- stopping ----

@test "on SIGTERM each unit still answers what has come, and then ends" {
    local unit
    printf 'set a 1\nget a\ndelete a\nget a\n' >"$BATS_TEST_TMPDIR/lines"
    for unit in "${units[@]}"; do
        start_server $here/store -m "$unit" -s 20
        exec 8<>"/dev/tcp/$ADDRESS/$PORT"
        printf 'get a\n' >&8
        read -rt 5 -u 8
        kill -STOP "$SERVER"
        cat "$BATS_TEST_TMPDIR/lines" >&8 # in one segment
        kill -TERM "$SERVER"
        kill -CONT "$SERVER"
        [ "$(cat <&8)" = $'ok\nvalue 1\nok\nnone' ]
        end_by_themselves "$SERVER"
        exec 8>&-
    done
}

@test "a client that never reads, and a worker that thinks, delay the end by a second each at most" {
    local unit i pids=()
    for i in {1..100}; do printf 'set n%03d%028d x\n' "$i" 0; done >"$BATS_TEST_TMPDIR/names"
    awk 'BEGIN { for (i = 0; i < 2000000; i++) print "list" }' >"$BATS_TEST_TMPDIR/lists"
    for unit in "${units[@]}"; do
        start_server $here/store -m "$unit"
        pids+=("$SERVER")
        ask "$BATS_TEST_TMPDIR/names" >/dev/null
        exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
        cat "$BATS_TEST_TMPDIR/lists" >&"$peer" 2>/dev/null 3>&- 4>&- &
        poll_until 10 is_asleep $!
        poll_until 10 is_asleep "$SERVER"
    done
    start_server $here/store -w 1 -q 2 -s 1000
    talk <<<'A*4 connect
             A send "get a\n"
             A close'
    pids+=("$SERVER")
    kill "${pids[@]}"
    end_by_themselves "${pids[@]}"
}

@test "workers whose answers nobody takes any more can still be stopped" {
    compile stopped <<END
#include "$TOP/chapters/$here/store/io-workers.c"
bool request_is_there(struct conversation *c) { return c; }
void answer_request(struct conversation *c) { (void)c; }
struct peers peers_begin(int listener) { return (struct peers){.listener = listener}; }
bool peers_turn(struct peers *p, int fd, bool receive) { return p && fd && receive; }
void peers_end(struct peers *p) { (void)p; }
int
main(void)
{
    static struct peer peers[4];
    pthread_t *threads;

    requests = queue_open(1);
    answered = queue_open(2);
    alarm_fd = eventfd(0, EFD_NONBLOCK);
    threads = start_workers(1);
    for (int i = 0; i < 4; i++) /* two are answered, for one there is no room, one is waiting */
        queue_put(requests, &peers[i]);
    alarm(10);
    stop_workers(threads, 1);
    queue_free(requests);
    queue_free(answered);
    return 0;
}
END
    run -0 "$BATS_TEST_TMPDIR/stopped"
}

@test "SIGINT ends each unit at rest, and none of them uses a CPU while nothing happens" {
    local unit pid pids=() before=()
    for unit in "${units[@]}"; do
        start_server $here/store -m "$unit"
        pids+=("$SERVER")
        exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
        printf 'half a li' >&"$peer"
        poll_until 5 nothing_unread
        poll_until 5 is_asleep "$SERVER"
        before+=("$(cpu_ms "$SERVER")")
    done
    read -rt 0.3 -u "$peer" || true
    for pid in "${pids[@]}"; do
        (($(cpu_ms "$pid") - before[0] <= 20))
        before=("${before[@]:1}")
    done
    kill -INT "${pids[@]}"
    end_by_themselves "${pids[@]}"
}

# ---- signals as events ----

ways=(signalfd self-pipe)

@test "an echo server hears of signals both ways, and loses no byte for it" {
    local way
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way"
        talk <<<'A connect
                 A echo "0123456789" * 100000
                 B connect
                 B echo "b"
                 A half-close
                 A end' 3>&- 4>&- &
        for _ in {1..20}; do kill -HUP "$SERVER"; done
        wait $!
        poll_until 5 has_said "child: ended with status 0" 1
        stop_server
    done
}

no_children() { [[ $(process_tree "$SERVER") = "$SERVER" ]]; }

@test "SIGHUP makes a child that reports, and its end is an event: it is reaped" {
    local way
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way"
        kill -HUP "$SERVER"
        poll_until 5 has_said "child: ended with status 0" 1
        poll_until 5 no_children
        [[ $(grep -v ended "$SERVER_ERR") = "child: 0 I/O, 1 signal and 0 timer events" ]]
        kill -HUP "$SERVER"
        poll_until 5 has_said "child: ended with status 0" 2
        [[ $(grep -c "child: 0 I/O, 3 signal and 0 timer events" "$SERVER_ERR") = 1 ]]
        stop_server
    done
}

@test "three kinds of event are counted in one loop: I/O, signals and timers" {
    local way reports=()
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way" -t 1
        talk <<<'A connect
                 A echo "hello"'
        kill -HUP "$SERVER"
        reports+=("$SERVER_ERR")
    done
    for SERVER_ERR in "${reports[@]}"; do
        poll_until 5 has_said "timer: [1-9][0-9]* I/O, [12] signal and [1-9][0-9]* timer events" 1
    done
}

@test "SIGTERM both ways: what is owed is sent, and a peer that does not take it has a second" {
    local way pids=()
    seq 1000 >"$BATS_TEST_TMPDIR/lines"
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way"
        exec 8<>"/dev/tcp/$ADDRESS/$PORT"
        kill -STOP "$SERVER"
        cat "$BATS_TEST_TMPDIR/lines" >&8
        kill -TERM "$SERVER"
        kill -CONT "$SERVER"
        cmp "$BATS_TEST_TMPDIR/lines" - <&8
        end_by_themselves "$SERVER"
        start_server $here/signals-as-events -m "$way"
        pids+=("$SERVER")
        exec {peer}<>"/dev/tcp/$ADDRESS/$PORT"
        head -c 30000000 /dev/zero >&"$peer" 2>/dev/null 3>&- 4>&- &
        poll_until 10 is_asleep $!
    done
    kill "${pids[@]}"
    end_by_themselves "${pids[@]}"
}

@test "a signal that comes before or during poll() is never lost: 200 times" {
    local way i
    for way in "${ways[@]}"; do
        start_server $here/signals-as-events -m "$way"
        for i in {1..200}; do
            kill -CHLD "$SERVER"
        done
        kill -HUP "$SERVER"
        poll_until 5 has_said "child: ended" 1
        stop_server
    done
}
