/*
 * 2-in-flight.c - plays a load generator for the account of its clients
 *
 * usage: in-flight SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should
 * be, else tells what happened and what was expected.
 */

#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER = 100, CLIENTS = 8, BEGIN = 1000, END = 2000, RUNS = 1000, MOST_LINES = 60 };

struct window {
    int64_t begin, end;
};

struct account {
    uint64_t requests, responses, failures, in_flight, late;
};

/* Weak, so that whoever lacks one is told by us, and not by the linker. */
struct client;
struct client *client_new(const struct window *w, struct account *a) __attribute__((weak));
void client_sent(struct client *c, int64_t now) __attribute__((weak));
void client_received(struct client *c, size_t bytes, int64_t now) __attribute__((weak));
void client_broken(struct client *c, int64_t now) __attribute__((weak));
void client_end(struct client *c) __attribute__((weak));

static struct window window;
static struct account account;
static struct client *clients[CLIENTS];
static int count;
static int64_t now;
static char story[MOST_LINES][100]; /* of this run; it is only told if it goes wrong */
static int lines;
static const char *hint = "what the starter does right must stay right";

static void
note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(story[lines % MOST_LINES], sizeof story[0], format, arguments);
    va_end(arguments);
    lines++;
}

static _Noreturn void
wrong(const char *what, uint64_t expected, uint64_t got)
{
    for (int i = lines > MOST_LINES ? lines - MOST_LINES : 0; i < lines; i++)
        printf("did: %s\n", story[i % MOST_LINES]);
    printf("expected: %s = %llu\ngot: %s = %llu\nhint: %s\n", what, (unsigned long long)expected,
           what, (unsigned long long)got, hint);
    exit(1);
}

/* ---- the generator ---- */

static void
begin(int how_many, int64_t from, int64_t to)
{
    window = (struct window){from, to};
    account = (struct account){0};
    count = how_many;
    lines = 0;
    note("%d client%s; the window is from %lld to %lld", count, count == 1 ? "" : "s",
         (long long)from, (long long)to);
    for (int i = 0; i < count; i++)
        clients[i] = client_new(&window, &account);
}

static void
at(int64_t moment)
{
    now = moment;
}

static void
sent(int i)
{
    note("%lld: client %c: sent", (long long)now, 'A' + i);
    client_sent(clients[i], now);
}

static void
received(int i, size_t bytes)
{
    note("%lld: client %c: received %zu", (long long)now, 'A' + i, bytes);
    client_received(clients[i], bytes, now);
}

static void
broken(int i)
{
    note("%lld: client %c: broken", (long long)now, 'A' + i);
    client_broken(clients[i], now);
}

/* The run is over, and this is what must stand in the account. */
static void
all_over(const struct account *expected)
{
    note("all is over: client_end()");
    for (int i = 0; i < count; i++)
        client_end(clients[i]);
    if (account.responses != expected->responses)
        wrong("responses", expected->responses, account.responses);
    if (account.failures != expected->failures)
        wrong("failures", expected->failures, account.failures);
    if (account.in_flight != expected->in_flight)
        wrong("in_flight", expected->in_flight, account.in_flight);
    if (account.late != expected->late)
        wrong("late", expected->late, account.late);
    if (account.requests != expected->requests)
        wrong("requests", expected->requests, account.requests);
}

static void
is(uint64_t responses, uint64_t failures, uint64_t in_flight, uint64_t late)
{
    struct account expected = {responses + failures + in_flight, responses, failures, in_flight,
                               late};

    all_over(&expected);
}

/* ---- the plays ---- */

static void
play_answered(void)
{
    begin(2, BEGIN, END);
    for (int i = 0; i < 3; i++) {
        at(1100 + 100 * i);
        sent(0);
        sent(1);
        at(1150 + 100 * i);
        received(1, ANSWER);
        received(0, ANSWER);
    }
    at(1500);
    sent(0);
    at(1600);
    broken(0);
    sent(0);
    at(1700);
    received(0, ANSWER);
    is(7, 1, 0, 0);
}

static void
play_pieces(void)
{
    hint = "what has come is a part of an answer, or several: the bytes say which, not the calls";
    begin(1, BEGIN, END);
    at(1100);
    sent(0);
    received(0, 1);
    at(1200);
    received(0, 98);
    at(1300);
    received(0, 1);
    sent(0);
    sent(0);
    sent(0);
    at(1400);
    received(0, 250);
    received(0, 50);
    is(4, 0, 0, 0);
}

static size_t
memory(void)
{
    struct mallinfo2 info = mallinfo2(); /* 0 under a sanitizer; but that finds leaks by itself */

    return info.uordblks + info.hblkhd;
}

static void
play_memory(void)
{
    size_t before = 0, after;

    hint = "client_end() gives back what client_new() has taken";
    for (int i = -1; i < 100; i++) {
        if (i == 0)
            before = memory();
        begin(1, BEGIN, END);
        at(1100);
        sent(0);
        client_end(clients[0]);
    }
    after = memory();
    lines = 0;
    note("100 clients, one after the other");
    if (after > before + 800)
        wrong("bytes of memory more than before", 0, after - before);
}

static void
play_unanswered(void)
{
    hint = "nobody knows what would have become of it: it is no failure, and no answer";
    begin(3, BEGIN, END);
    for (int i = 0; i < 3; i++) {
        at(1100 + i);
        sent(i);
        at(1200 + i);
        received(i, ANSWER);
    }
    at(1999);
    sent(0);
    sent(2);
    is(3, 0, 2, 0);
    begin(1, BEGIN, END);
    at(1999);
    for (int i = 0; i < 4; i++)
        sent(0);
    is(0, 0, 4, 0);
}

static void
play_late(void)
{
    hint = "both ends belong to the window: at its last ms an answer is in time, after it late";
    begin(2, BEGIN, END);
    at(1900);
    sent(0);
    sent(1);
    sent(1);
    at(END);
    received(1, ANSWER);
    at(END + 1);
    received(0, ANSWER);
    is(1, 0, 2, 1);
    begin(1, BEGIN, END);
    at(1990);
    for (int i = 0; i < 4; i++)
        sent(0);
    at(2500);
    received(0, 3 * ANSWER);
    is(0, 0, 4, 3);
}

static void
play_half(void)
{
    hint = "an answer is one when its last byte has come";
    begin(2, BEGIN, END);
    at(1900);
    sent(0);
    sent(1);
    at(1950);
    received(0, ANSWER - 1);
    received(1, 1);
    is(0, 0, 2, 0);
    begin(1, BEGIN, END);
    at(1900);
    sent(0);
    sent(0);
    at(1950);
    received(0, ANSWER + ANSWER / 2);
    at(2100);
    received(0, ANSWER / 2);
    is(1, 0, 1, 1);
}

static void
play_pipeline(void)
{
    hint = "four were waiting on that connection: how many are lost with it?";
    begin(2, BEGIN, END);
    at(1100);
    for (int i = 0; i < 5; i++)
        sent(0);
    sent(1);
    at(1200);
    received(0, ANSWER);
    broken(0);
    is(1, 4, 1, 0);
    hint = "where nothing is waiting, nothing is lost";
    begin(1, BEGIN, END);
    at(1100);
    broken(0);
    sent(0);
    received(0, ANSWER);
    broken(0);
    is(1, 0, 0, 0);
    hint = "the half answer is lost with its connection: the next answer is a whole one";
    begin(1, BEGIN, END);
    at(1100);
    sent(0);
    received(0, 60);
    broken(0);
    sent(0);
    received(0, 60);
    is(0, 1, 1, 0);
}

static void
play_breaks_late(void)
{
    hint =
        "both ends belong to the window: what breaks at its last ms has failed, after it nothing";
    begin(2, BEGIN, END);
    at(1900);
    sent(0);
    sent(0);
    sent(1);
    at(END);
    broken(1);
    at(END + 1);
    broken(0);
    is(0, 1, 2, 0);
}

static void
play_window(void)
{
    hint =
        "both ends belong to the window; what is over before it is nowhere, what goes on is in it";
    begin(2, BEGIN, END);
    at(100);
    sent(0);
    sent(1);
    at(200);
    received(0, ANSWER);
    broken(1);
    at(300);
    sent(0);
    at(999);
    received(0, ANSWER);
    sent(0);
    sent(0);
    sent(1);
    sent(1);
    at(BEGIN);
    received(0, ANSWER);
    at(1001);
    broken(1);
    is(1, 2, 1, 0);
    begin(1, 0, 10);
    at(0);
    sent(0);
    at(10);
    received(0, ANSWER);
    is(1, 0, 0, 0);
}

/* ---- by chance ---- */

static uint32_t
chance(uint32_t below)
{
    static uint32_t state = 1;

    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

static void
settle(struct account *expected, int64_t moment, bool answered)
{
    if (moment < window.begin)
        return;
    expected->requests++;
    if (moment <= window.end)
        ++*(answered ? &expected->responses : &expected->failures);
    else {
        expected->in_flight++;
        expected->late += answered;
    }
}

static void
one_run(void)
{
    struct account expected = {0};
    uint64_t waiting[CLIENTS] = {0};
    size_t had[CLIENTS] = {0}, most, bytes;
    int64_t from = chance(3) ? 50 : 0, to = from + 100;

    begin(1 + (int)chance(CLIENTS), from, to);
    for (now = 0; now < to + 40; now += chance(4)) {
        int i = (int)chance((uint32_t)count);

        most = waiting[i] * ANSWER - had[i];
        if (chance(8) == 0) {
            for (; waiting[i] > 0; waiting[i]--)
                settle(&expected, now, false);
            had[i] = 0;
            broken(i);
        } else if (waiting[i] > 0 && chance(2)) {
            bytes = chance(4) ? 1 + chance((uint32_t)most) : most;
            had[i] += bytes;
            for (; had[i] >= ANSWER; had[i] -= ANSWER, waiting[i]--)
                settle(&expected, now, true);
            received(i, bytes);
        } else if (now <= to && waiting[i] < 4) {
            waiting[i]++;
            sent(i);
        }
    }
    for (int i = 0; i < count; i++)
        for (; waiting[i] > 0; waiting[i]--)
            settle(&expected, INT64_MAX, false);
    all_over(&expected);
}

static void
play_chance(void)
{
    hint = "make the others pass first: this is all of them together";
    for (int i = 0; i < RUNS; i++)
        one_run();
}

static void
check_that_all_are_there(void)
{
    const struct {
        const char *name;
        bool is_there;
    } ours[] = {{"client_new", client_new != NULL},
                {"client_sent", client_sent != NULL},
                {"client_received", client_received != NULL},
                {"client_broken", client_broken != NULL},
                {"client_end", client_end != NULL}};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!ours[i].is_there) {
            printf("expected: in-flight.c has the function %s()\ngot: it has no %s()\n",
                   ours[i].name, ours[i].name);
            exit(1);
        }
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"answered", play_answered}, {"pieces", play_pieces},
    {"memory", play_memory},     {"unanswered", play_unanswered},
    {"late", play_late},         {"half", play_half},
    {"pipeline", play_pipeline}, {"breaks-late", play_breaks_late},
    {"window", play_window},     {"chance", play_chance},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: in-flight SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    check_that_all_are_there();
    scenarios[i].play();
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
