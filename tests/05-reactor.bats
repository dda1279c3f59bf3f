load lib/servers
load lib/compile
teardown() { end_servers; }

here=05-reactor

# ---- the event loop of lib/ ----

# compile_loop: `loop CASE` prints what was told, in the order in which it was.
compile_loop() {
    compile loop <<'END_OF_C'
#include "clock.h"
#include "error.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
enum { MANY = 200 };
static struct loop *l;
static struct thing {
    struct handler handler;
    struct timer timer;
    const char *name;
    int far, told, last;
    void (*act)(struct thing *);
} things[MANY];
static void
ready(void *owner, uint32_t events)
{
    struct thing *t = owner;

    t->told++;
    if (t->name)
        printf("%s%s%s%s ", t->name, events & EPOLLIN ? " in" : "", events & EPOLLOUT ? " out" : "",
               events & EPOLLHUP ? " hup" : "");
    if (t->act)
        t->act(t);
}
static void
expired(void *owner)
{
    struct thing *t = owner;

    t->told++;
    if (t->name)
        printf("%s late ", t->name);
    if (t->act)
        t->act(t);
}
static void
leave(struct thing *t)
{
    loop_remove(&t->handler);
    close(t->handler.fd);
    close(t->far);
}
static void
join(struct thing *t, const char *name, uint32_t interest, void (*act)(struct thing *))
{
    int ends[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    *t = (struct thing){{ends[0], interest, ready, t, NULL}, {expired, t, 0, 0}, name, ends[1], 0, 0, act};
    if (!loop_add(l, &t->handler))
        fail("loop_add", NULL);
}
static void
leave_once(struct thing *t)
{
    t->act = NULL;
    leave(t);
}
static void
speak(struct thing *t)
{
    if (write(t->far, "x", 1) != 1)
        fail("write", NULL);
}
static void
removes_all(struct thing *t)
{
    for (int i = 0; i < 4; i++)
        if (&things[i] != t)
            leave(&things[i]);
    leave(t);
}
/* The second's memory and the number of its descriptor go to a newcomer, in the middle of a batch. */
static void
replaces_second(struct thing *t)
{
    int fd = things[1].handler.fd;

    t->act = NULL;
    leave(&things[1]);
    join(&things[1], "new", EPOLLIN, NULL);
    printf("same number: %d ", things[1].handler.fd == fd);
}
static void
quiets_others(struct thing *t)
{
    loop_change(&things[1].handler, 0);
    loop_change(&things[2].handler, EPOLLOUT);
    loop_change(&t->handler, EPOLLIN);
    t->act = leave;
}
static void
again_at_once(struct thing *t)
{
    if (t->told < 3)
        loop_set_timer(l, &t->timer, 0);
}
static void
clears_second(struct thing *t)
{
    (void)t;
    loop_clear_timer(l, &things[1].timer);
}
static int too_early;
/* It has heard, and clears its timer; unless that was what told it. */
static void
hears(struct thing *t)
{
    too_early += t->timer.place == 0;
    loop_clear_timer(l, &t->timer);
    leave(t);
}
static void
ends(void *owner)
{
    printf("%s ", owner == &things[0] ? "at last" : "?");
}
static int64_t last_at;
static int told, wrong;
static void
in_order(void *owner)
{
    struct timer *t = owner;

    wrong += t->at < last_at || t->place != 0;
    last_at = t->at;
    told++;
}
/* Sets, moves and clears at random; then those that are left must come in order, each once. */
static void
by_chance(void)
{
    static struct timer timers[1000];
    int left = 0;

    srand(5);
    for (int i = 0; i < 20000; i++) {
        struct timer *t = &timers[rand() % 1000];

        t->expired = in_order;
        t->owner = t;
        if (rand() % 3 == 0)
            loop_clear_timer(l, t);
        else if (!loop_set_timer(l, t, rand() % 5000 + 1))
            exit(2);
    }
    for (int i = 0; i < 1000; i++)
        left += timers[i].place != 0;
    loop_run(l);
    printf("%d missing, %d out of order, many: %d ", left - told, wrong, left > 500);
}
static void
nothing(int signal)
{
    (void)signal;
}
int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    l = loop_open();
    if (strcmp(what, "empty") == 0)
        printf("%d ", loop_turn(l));
    if (strcmp(what, "ready") == 0) {
        join(&things[0], "a", EPOLLIN, NULL);
        join(&things[1], "b", EPOLLOUT, NULL);
        join(&things[2], "c", EPOLLIN | EPOLLOUT, NULL);
        speak(&things[0]);
        speak(&things[2]);
        loop_turn(l);
        printf("/ ");
        loop_change(&things[0].handler, 0);
        loop_change(&things[1].handler, EPOLLIN);
        loop_change(&things[2].handler, EPOLLIN);
        loop_turn(l);
        printf("/ ");
        close(things[0].far);
        things[0].far = -1;
        loop_turn(l);
        for (int i = 0; i < 3; i++)
            leave(&things[i]);
        printf("/ %d ", loop_turn(l));
    }
    if (strcmp(what, "removes") == 0) {
        for (int i = 0; i < 4; i++) {
            join(&things[i], "one", EPOLLIN, removes_all);
            speak(&things[i]);
        }
        loop_run(l);
    }
    if (strcmp(what, "replaces") == 0) {
        join(&things[0], "first", EPOLLIN, replaces_second);
        join(&things[1], "second", EPOLLIN, NULL);
        speak(&things[0]);
        speak(&things[1]);
        loop_turn(l);
        leave(&things[0]);
        printf("/ ");
        speak(&things[1]);
        loop_turn(l);
        leave(&things[1]);
    }
    if (strcmp(what, "duplicate") == 0) {
        int copy;

        join(&things[0], "gone", EPOLLIN, NULL);
        join(&things[1], "b", EPOLLIN, leave);
        copy = dup(things[0].handler.fd);
        speak(&things[0]);
        speak(&things[1]);
        loop_remove(&things[0].handler);
        close(things[0].handler.fd);
        loop_run(l);
        close(copy);
        close(things[0].far);
    }
    if (strcmp(what, "interest") == 0) {
        join(&things[0], "a", EPOLLIN, quiets_others);
        join(&things[1], "b", EPOLLIN, leave);
        join(&things[2], "c", EPOLLIN, leave);
        for (int i = 0; i < 3; i++)
            speak(&things[i]);
        loop_turn(l);
        printf("/ ");
        loop_turn(l);
        printf("/ ");
        loop_change(&things[1].handler, EPOLLIN);
        loop_run(l);
    }
    if (strcmp(what, "many") == 0) {
        int ones = 0;

        for (int i = 0; i < MANY; i++) {
            join(&things[i], NULL, EPOLLIN, leave);
            speak(&things[i]);
        }
        loop_run(l);
        for (int i = 0; i < MANY; i++)
            ones += things[i].told == 1;
        printf("%d of %d ", ones, MANY);
    }
    if (strcmp(what, "cannot") == 0) {
        struct handler file = {.fd = open("/etc/passwd", O_RDONLY), .interest = EPOLLIN};
        bool added = loop_add(l, &file);

        printf("%d %s %d ", added, errno_name(errno), loop_turn(l));
        close(file.fd);
    }
    if (strcmp(what, "timers") == 0) {
        int64_t start = now_ns();

        for (int i = 0; i < 5; i++)
            things[i].timer = (struct timer){expired, &things[i], 0, 0};
        things[0].name = "c", things[1].name = "b", things[2].name = "a", things[3].name = "never";
        loop_set_timer(l, &things[0].timer, start + 10 * NS_PER_MS);
        loop_set_timer(l, &things[1].timer, start + 900 * NS_PER_SECOND);
        loop_set_timer(l, &things[2].timer, start + 40 * NS_PER_MS);
        loop_set_timer(l, &things[3].timer, start + 1);
        loop_set_timer(l, &things[1].timer, start + 20 * NS_PER_MS);
        loop_set_timer(l, &things[0].timer, start + 60 * NS_PER_MS);
        loop_set_timer(l, &things[2].timer, start + 5 * NS_PER_MS);
        loop_clear_timer(l, &things[3].timer);
        loop_clear_timer(l, &things[3].timer);
        loop_clear_timer(l, &things[4].timer);
        loop_run(l);
        printf("not too early: %d ", now_ns() - start >= 60 * NS_PER_MS);
    }
    if (strcmp(what, "again") == 0) {
        things[0] = (struct thing){.timer = {expired, &things[0], 0, 0}, .name = "a", .act = again_at_once};
        things[1] = (struct thing){.timer = {expired, &things[1], 0, 0}, .name = "b"};
        things[2] = (struct thing){.timer = {expired, &things[2], 0, 0}, .name = "c", .act = clears_second};
        loop_set_timer(l, &things[0].timer, 1);
        loop_turn(l);
        printf("/ ");
        loop_run(l);
        printf("/ ");
        loop_set_timer(l, &things[1].timer, 2);
        loop_set_timer(l, &things[2].timer, 1);
        loop_run(l);
    }
    if (strcmp(what, "last-moment") == 0) {
        join(&things[0], "a", EPOLLIN, leave_once);
        speak(&things[0]);
        loop_set_timer(l, &things[0].timer, 1);
        loop_run(l);
    }
    if (strcmp(what, "crowd") == 0) {
        for (int i = 0; i < MANY; i++) {
            join(&things[i], NULL, EPOLLIN, hears);
            speak(&things[i]);
            loop_set_timer(l, &things[i].timer, 1);
        }
        loop_run(l);
        printf("%d of %d too early ", too_early, MANY);
    }
    if (strcmp(what, "always-ready") == 0) {
        for (int i = 0; i < MANY; i++)
            join(&things[i], NULL, EPOLLOUT, NULL);
        things[0].timer.expired = ends;
        loop_set_timer(l, &things[0].timer, 1);
        for (int i = 0; i < 5; i++)
            loop_turn(l);
        for (int i = 0; i < MANY; i++)
            leave(&things[i]);
    }
    if (strcmp(what, "signal") == 0) {
        struct itimerval often = {{0, 5000}, {0, 5000}};

        signal(SIGALRM, nothing);
        setitimer(ITIMER_REAL, &often, NULL);
        things[0] = (struct thing){.timer = {expired, &things[0], 0, 0}, .name = "a"};
        loop_set_timer(l, &things[0].timer, now_ns() + 50 * NS_PER_MS);
        loop_run(l);
    }
    if (strcmp(what, "sleeps") == 0) {
        things[0] = (struct thing){.timer = {expired, &things[0], 0, 0}};
        for (int i = 0; i < 20; i++) {
            loop_set_timer(l, &things[0].timer, now_ns() + 3 * NS_PER_MS - 1000);
            loop_run(l);
        }
    }
    if (strcmp(what, "chance") == 0)
        by_chance();
    loop_close(l);
    loop_close(NULL);
    puts("");
    return 0;
}
END_OF_C
}

# loop_says CASE WORDS: exactly these, in this order.
loop_says() {
    run -0 timeout $((10 * MICROSECONDS / 1000000)) "$BATS_TEST_TMPDIR/loop" "$1"
    echo "$1: $output"
    [ "$output" = "$2 " ]
}

@test "a loop tells who is ready, of what they asked for only, and of the end unasked" {
    compile_loop
    loop_says ready "b out c in out a in / c in / c in a hup / 0"
}

@test "a loop ends when nothing is in it" {
    compile_loop
    loop_says empty "0"
}

@test "a descriptor removed while others are told is told nothing more" {
    compile_loop
    loop_says removes "one in"
    loop_says duplicate "b in"
}

@test "a newcomer with the memory and the number of one just removed does not get what was its" {
    compile_loop
    loop_says replaces "first in same number: 1 / new in"
}

@test "a descriptor that loses interest while others are told is not told what it no longer wants" {
    compile_loop
    loop_says interest "a in / a in c out / b in"
}

@test "more than one batch can hold are told all, each once" {
    compile_loop
    loop_says many "200 of 200"
}

@test "what cannot be watched is refused, and the errno says why" {
    compile_loop
    loop_says cannot "0 EPERM 0"
    run -1 env FAULTS=epoll_ctl:ENOSPC@1 "$BATS_TEST_TMPDIR/loop" many
    [[ $output = *"loop_add: No space left on device (ENOSPC)" ]]
}

@test "timers come in the order of their moments, not too early, wherever they were moved to" {
    compile_loop
    loop_says timers "a late b late c late not too early: 1"
    loop_says chance "0 missing, 0 out of order, many: 1"
}

@test "a timer that sets itself again at once holds nobody up, and may clear another" {
    compile_loop
    loop_says again "a late / a late a late / c late"
}

@test "descriptors that are ready are told before timers that are due" {
    compile_loop
    loop_says last-moment "a in a late"
}

@test "so it is with more than one batch can hold; and those who are always ready do not stop time" {
    compile_loop
    loop_says crowd "0 of 200 too early"
    loop_says always-ready "at last"
}

@test "so it is when a signal comes first" {
    compile_loop
    FAULTS=epoll_wait:EINTR@1 loop_says last-moment "a in a late"
}

@test "a signal does not bring a timer forward, and to wait for one takes a call or two" {
    compile_loop
    loop_says signal "a late"
    run -0 env COUNT=1 "$BATS_TEST_TMPDIR/loop" sleeps
    [[ $output =~ epoll_wait\ +([0-9]+) ]]
    ((BASH_REMATCH[1] <= 40))
}

# ---- servers on the open loop, and on handlers ----

servers=(loop handlers idle-timeouts)

# meet: opens a connection as descriptor PEER.
meet() {
    exec {PEER}<>"/dev/tcp/$ADDRESS/$PORT"
}

# leave: closes it.
leave() {
    exec {PEER}>&-
}

# interests: what the server's epoll watches, a number for each descriptor but the listener, which
# is the first: 19 EPOLLIN, 1c EPOLLOUT, 1d both; in each, 18 is EPOLLERR and EPOLLHUP.
interests() {
    cat "/proc/$SERVER/fdinfo/"* 2>/dev/null | awk '$1 == "tfd:" { print $2, $4 }' | sort -n |
        awk 'NR > 1 { printf "%s%s", sep, $2; sep = " " }'
}

interests_are() {
    [[ $(interests) = "$1" ]]
}

@test "a peer that the kernel has no memory to watch is closed, and the next one is served" {
    local server
    for server in "${servers[@]}" edge; do
        FAULTS=epoll_ctl:ENOSPC@2 start_server "$here/$server"
        talk <<<'A connect
                 A end
                 B connect
                 B echo "hello\n"'
        stop_server
    done
}

# sends_what_is_left: a write that takes half of the bytes is followed by one of the other half.
sends_what_is_left() {
    FAULTS=write:short@1,write:short@3 start_server "$here/$1"
    talk <<<'A connect
             A send "0123456789"
             A recv "0123456789"
             A send "abcdef"
             A recv "abcdef"
             A half-close
             A end' || return
    stop_server
}

@test "what could not be sent at once is sent from where it stopped; bad-send-from-start begins again" {
    local server
    for server in "${servers[@]}" edge; do
        sends_what_is_left "$server"
    done
    run -1 sends_what_is_left bad-send-from-start
    [[ $output = *'"01234" and then "01234"'* ]]
}

# watches_to_write_only_when_it_owes PROGRAM: seen in the kernel's own list.
watches_to_write_only_when_it_owes() {
    local writer
    start_server "$here/$1"
    meet
    printf 'hello\n' >&"$PEER"
    read -rt 5 -u "$PEER"
    poll_until 1 interests_are 19 || return

    head -c 20000000 /dev/zero >&"$PEER" 3>&- 4>&- & # and nobody reads
    writer=$!
    poll_until 10 interests_are 1c || return
    poll_until 10 is_asleep "$SERVER"
    [ "$(head -c 20000000 <&"$PEER" | wc -c)" = 20000000 ]
    wait $writer
    poll_until 5 interests_are 19 || return
    leave
    stop_server
}

@test "to be writable is of interest as long as something is owed; with bad-epollout-always, always" {
    local server
    for server in "${servers[@]}"; do
        watches_to_write_only_when_it_owes "$server"
    done
    TIME_SCALE=1 MICROSECONDS=1000000 run -1 watches_to_write_only_when_it_owes bad-epollout-always
    [[ $output = *"in vain for: interests_are 19"* ]]
    run -1 is_asleep "$SERVER"
}

# rests PID: it uses no CPU for a tenth of a second, whatever its threads are.
rests() {
    local before
    before=$(cpu_ms "$1")
    read -rt 0.1 -u "$TICK" || true
    [[ $(cpu_ms "$1") = "$before" ]]
}

memory_kb() {
    awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"
}

@test "a peer that sends and never reads is not read from any more, and takes no memory" {
    local server before
    for server in "${servers[@]}" edge reactor; do
        start_server "$here/$server"
        meet
        before=$(memory_kb "$SERVER")
        head -c 50000000 /dev/zero >&"$PEER" 2>/dev/null 3>&- 4>&- &
        poll_until 10 is_asleep $!
        poll_until 10 rests "$SERVER"
        poll_until 5 is_asleep $!
        [[ $BUILD = *san* ]] || (($(memory_kb "$SERVER") - before < 1000))
        kill $!
        wait $! || true
        leave
        stop_server
    done
}

# rests_without_descriptors PROGRAM: nobody can be accepted, for a while; then it goes on.
rests_without_descriptors() {
    local highest
    COUNT=1 start_server "$here/$1"
    meet
    printf 'hello\n' >&"$PEER"
    read -rt 5 -u "$PEER"
    highest=$(printf '%s\n' "/proc/$SERVER/fd/"* | sed 's|.*/||' | sort -n | tail -1)
    prlimit --pid "$SERVER" --nofile=$((highest + 1)):
    exec {ANOTHER}<>"/dev/tcp/$ADDRESS/$PORT"
    read -rt 0.3 -u "$PEER" || true
    prlimit --pid "$SERVER" --nofile=1024:
    printf 'hello\n' >&"$ANOTHER"
    read -rt 5 -u "$ANOTHER"
    exec {ANOTHER}>&-
    leave
    stop_server
    echo "accept: $(awk '$1 == "accept" { print $2 }' "$SERVER_ERR")"
    (($(awk '$1 == "accept" { print $2 }' "$SERVER_ERR") < 300))
}

@test "without a descriptor left it rests between two looks; bad-emfile-spins does not" {
    local server
    for server in loop handlers; do
        rests_without_descriptors $server
    done
    run -1 rests_without_descriptors bad-emfile-spins
    [[ $output =~ "accept: "[0-9]{4,} ]]
}

@test "what one removes from a batch is told nothing more; bad-stale-event tells it to a newcomer" {
    says_nothing_to_c() {
        local output
        output=$("$BUILD/$here/$1") || return 2
        [[ $output =~ "B has come, as descriptor "([0-9]+) ]] || return 2
        [[ $output = *"A says: B must go"$'\n'"B leaves"$'\n'"C has come, as descriptor ${BASH_REMATCH[1]}" ]]
    }
    says_nothing_to_c stale-event
    run -1 says_nothing_to_c bad-stale-event
    [[ $("$BUILD/$here/bad-stale-event") = *"C has come"*"C is told to be readable"* ]]
}

# ---- level and edge ----

# calls WAY: epoll_wait, read, unread of the line that says so.
calls() {
    sed -n "s/^  $1 *//p" <<<"$output" | tr -s ' '
}

@test "edge triggered saves calls of epoll_wait only where one read is not enough and one reads once" {
    run -0 "$BUILD/$here/triggers" 100
    [ "$(calls "level triggered, one read for each event")" = "1 1 0" ]
    [ "$(calls "level triggered, read until EAGAIN")" = "1 2 0" ]
    [ "$(calls "edge triggered, read until EAGAIN")" = "1 2 0" ]
    [ "$(calls "edge triggered, one read for each event")" = "1 1 0" ]
    run -0 "$BUILD/$here/triggers" 65536
    [ "$(calls "level triggered, one read for each event")" = "16 16 0" ]
    [ "$(calls "level triggered, read until EAGAIN")" = "1 17 0" ]
    [ "$(calls "edge triggered, read until EAGAIN")" = "1 17 0" ]
    [ "$(calls "edge triggered, one read for each event")" = "1 1 61440" ]
}

# reads_all PROGRAM: also what the first read has left.
reads_all() {
    FAULTS=read:one@1 start_server "$here/$1"
    TIME_SCALE=${2:-$TIME_SCALE} talk <<<'A connect
             A send "0123456789"
             A recv "0123456789"
             A half-close
             A end' || return
    stop_server
}

@test "a server told by the edge reads until there is nothing; bad-et-reads-once leaves the rest" {
    reads_all edge
    run -1 reads_all bad-et-reads-once 0.2
    echo "$output"
    [[ $output = *01234* ]]
}

# is_stopped PID: the signal has arrived.
is_stopped() {
    local FIELDS
    process_fields "$1" && [[ ${FIELDS[0]} = T ]]
}

# accepts_all PROGRAM SECONDS: three who came while it was stopped.
accepts_all() {
    local peers=() peer
    start_server "$here/$1"
    kill -STOP "$SERVER"
    poll_until 5 is_stopped "$SERVER"
    for _ in 1 2 3; do
        meet
        peers+=("$PEER")
        printf 'hello\n' >&"$PEER"
    done
    kill -CONT "$SERVER"
    for peer in "${peers[@]}"; do
        read -rt "$2" -u "$peer" || echo "one of three gets no answer"
        exec {peer}>&-
    done
    stop_server
}

@test "three that came together are all accepted; of bad-accept-once's only one is" {
    run -0 accepts_all edge 5
    [ "$output" = "" ]
    run -0 accepts_all bad-accept-once 0.3
    [ "${#lines[@]}" = 2 ]
}

# ---- timers ----

@test "an idle peer is seen off when its time is up, and every byte puts that off" {
    start_server $here/idle-timeouts -t $((300 * MICROSECONDS / 1000000))
    talk <<<'A connect
             B connect
             B silent 200ms
             B send "x"
             B recv "x"
             B silent 200ms
             B send "y"
             B recv "y"
             A end
             B end'
    stop_server
}

@test "over http, a peer that is late with its head is told so" {
    start_server $here/idle-timeouts -P http -t 100
    talk <<<'A connect
             B connect
             B send "GET / HT"
             A end
             B recv "HTTP/1.1 408 "'
    stop_server
}

@test "to put a timer off takes no call of the system" {
    local server
    local -A count
    for server in handlers idle-timeouts; do
        start_server "$here/$server"
        talk <<<'A connect
                 A send-slowly "a hundred bytes, one after the other, each of them a message ................................"
                 A recv "a hundred bytes, one after the other, each of them a message ................................"'
        stop_server
        count[$server]=$(awk '$1 == "epoll_ctl" || $1 ~ /timer/ { sum += $2 } END { print sum + 0 }' \
            "$SERVER_ERR")
    done
    [ "${count[handlers]}" = "${count[idle-timeouts]}" ]
    ((count[handlers] < 10))
}

@test "handlers speaks http as well as echo" {
    mkdir "$BATS_TEST_TMPDIR/files"
    printf 'hello\n' >"$BATS_TEST_TMPDIR/files/a.txt"
    for server in handlers idle-timeouts; do
        start_server $here/$server -P http -d "$BATS_TEST_TMPDIR/files"
        run -0 "$BUILD/03-http/get" "http://$ADDRESS:$PORT/a.txt"
        [[ $output = *hello* ]]
        stop_server
    done
}

# ---- the Reactor with workers ----

# an_event_for_each_step PROGRAM: 20 messages there and back, one after the other, are 20 events to
# read and 20 to write; one more accepts, one tells the end of the peer, one that of the listener.
an_event_for_each_step() {
    local i descriptors
    start_server "$here/$1" -v -s 2
    descriptors=$(descriptor_count "$SERVER")
    meet
    for i in {1..20}; do
        echo "$i" >&"$PEER"
        read -rt 5 -u "$PEER"
        [ "$REPLY" = "$i" ]
    done
    leave
    poll_until 5 descriptors_are "$SERVER" "$descriptors"
    stop_server
    cat "$SERVER_ERR"
    [[ $(<"$SERVER_ERR") = "43 events, 0 met;"* ]]
}

@test "disarmed, a message is one event to read and one to write; with bad-no-disarm workers meet" {
    an_event_for_each_step reactor
    run -1 an_event_for_each_step bad-no-disarm
    [[ $output =~ ([0-9]+)" events, "([0-9]+)" met" ]]
    ((BASH_REMATCH[1] > 1000 && BASH_REMATCH[2] > 100))
}

@test "off the list, a peer that is gone is not told; bad-half-disarmed is told all the time" {
    silent_when_gone() {
        local output
        output=$("$BUILD/$here/$1") || return 2
        [[ $output = *"the peer is gone: "*" told    0 of 1000 times"*"armed again"* ]]
    }
    silent_when_gone disarm
    run -1 silent_when_gone bad-half-disarmed
    run -0 "$BUILD/$here/bad-half-disarmed"
    [[ ${lines[1]} = "it is disarmed:"*" 0 of 1000 times" ]]
    [[ ${lines[2]} = "the peer is gone:"*" 1000 of 1000 times" ]]
}

# The calls of epoll_ctl: 1 the end, 2 the listener; then A comes: 3 the listener off, 4 A, 5 the
# listener, in vain, as the next time. A speaks: 8 off, 9 and 10, to write and to read, in vain.
@test "what the kernel has no memory to watch again is served in a while; so are new peers" {
    FAULTS=epoll_ctl:ENOSPC@5-6,epoll_ctl:ENOSPC@9-10 start_server $here/reactor -v
    meet
    poll_until 5 interests_are "19 19"
    printf "still served\n" >&"$PEER"
    read -rt 5 -u "$PEER"
    [ "$REPLY" = "still served" ]
    poll_until 5 interests_are "19 19"
    talk <<<"B connect
             B echo \"served\""
    leave
    stop_server
    FAULTS=epoll_ctl:ENOSPC@4-1000000 start_server $here/reactor
    talk <<<"A connect
             A end"
    stop_server
}

# works_at_four PROGRAM: four clients speak at once, and there are four workers.
works_at_four() {
    start_server "$here/$1" -v -w 4 -s 300
    talk <<<'A*4 connect
             A send "hello\n"
             A recv "hello\n"
             A half-close
             A end'
    stop_server
    cat "$SERVER_ERR"
    [[ $(<"$SERVER_ERR") = *"at most 4 at work,"* ]]
}

@test "four workers work at once; with bad-main-waits-for-worker one does, and nothing ever waits" {
    works_at_four reactor
    run -1 works_at_four bad-main-waits-for-worker
    [[ $output = *"at most 1 at work, "[01]" waiting"* ]]
}

# ---- more than one loop ----

# dealt PROGRAM: forty peers; how many each of four loops got, in one line.
dealt() {
    start_server "$here/$1" -w 4 -v
    talk <<<'A*40 connect
             A send "hello\n"
             A recv "hello\n"
             A half-close
             A end'
    stop_server
    sed 's/.*: \([0-9]*\) peers/\1/' "$SERVER_ERR" | paste -sd ' '
}

@test "an acceptor deals peers out evenly; the kernel deals by a hash, and to all loops" {
    run -0 dealt acceptor
    [ "$output" = "10 10 10 10" ]
    run -0 dealt loop-per-thread
    echo "$output"
    awk '{ exit !(NF == 4 && $1 + $2 + $3 + $4 == 40 && $1 * $2 * $3 * $4 > 0) }' <<<"$output"
}

@test "a busy port is refused to loop-per-thread, although its own listeners share one" {
    start_server $here/loop-per-thread -w 3
    run -1 "$BUILD/$here/loop-per-thread" -p "$PORT"
    [[ $output = *"(EADDRINUSE)"* ]]
    stop_server
}
