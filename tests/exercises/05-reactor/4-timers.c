/*
 * 4-timers.c - plays the loop and the owners for a set of timers
 *
 * usage: timers SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should be,
 * else tells what was called and what was expected. The play says what time it is.
 */
#include "../../../exercises/05-reactor/4-timers/timers.h"
#include "clock.h"

#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 5000, BY_CHANCE = 500, MOST_TOLD = MANY + 1 };

static int64_t start = 7 * NS_PER_SECOND + 123456; /* some moment */

/* An owner. Its name is a letter, and what it does when it is told is the scenario's. */
static struct owner {
    struct timer timer;
    int times; /* it was told */
    void (*act)(struct owner *);
} owners[MANY];

static struct timers *set;
static char told[MOST_TOLD + 1]; /* who was told, in order */
static size_t count;
/* NULL: the grader has it. */
static const char *hint = "the clock is the caller's: what counts is the now that you are given";

static void
say(const char *what, const char *format, va_list arguments)
{
    printf("%s: ", what);
    vprintf(format, arguments);
    printf("\n");
    fflush(stdout);
}

static void
did(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("did", format, arguments);
    va_end(arguments);
}

static _Noreturn void
wrong(const char *expected, const char *format, ...)
{
    va_list arguments;

    printf("expected: %s\n", expected);
    va_start(arguments, format);
    say("got", format, arguments);
    va_end(arguments);
    if (hint)
        printf("hint: %s\n", hint);
    exit(1);
}

static char
name_of(const struct owner *o)
{
    return (char)('a' + (o - owners) % 26);
}

static struct owner *
named(char name)
{
    return &owners[name - 'a'];
}

static void
expired(struct timer *t)
{
    struct owner *o = (struct owner *)((char *)t - offsetof(struct owner, timer));

    if (o < owners || o >= owners + MANY)
        wrong("expired() is called with its own timer", "another pointer");
    if (count == MOST_TOLD) {
        hint = "whom you tell is settled before you tell the first";
        wrong("timers_run() returns", "it has told %d timers, and goes on", MOST_TOLD);
    }
    told[count++] = name_of(o);
    o->times++;
    if (o->act)
        o->act(o);
}

static void
begin(void)
{
    set = timers_open();
    if (!set)
        wrong("a set of timers", "NULL");
    memset(owners, 0, sizeof owners);
    for (struct owner *o = owners; o < owners + MANY; o++)
        o->timer.expired = expired;
}

static void
must_set(struct timer *t, int64_t at)
{
    if (!timers_set(set, t, at)) {
        hint = "false is for who has no memory left; a list through the timers needs none";
        wrong("true: it is set", "false");
    }
    if (t->at != at) {
        hint = "`at` is the owner's to read: for which moment it was set last";
        wrong("its moment in t->at", "another number");
    }
}

/* At `ms` milliseconds after the start. */
static void
set_timer(char name, int ms)
{
    did("timers_set() of %c: at %d ms", name, ms);
    must_set(&named(name)->timer, start + ms * NS_PER_MS);
}

static void
clear_timer(char name)
{
    did("timers_clear() of %c", name);
    timers_clear(set, &named(name)->timer);
}

/* It is `ns` nanoseconds after the start, and exactly these are told. */
static void
tells(int64_t ns, const char *who)
{
    char expected[80];

    count = 0;
    did("timers_run() at %g ms", (double)ns / NS_PER_MS);
    timers_run(set, start + ns);
    told[count] = '\0';
    snprintf(expected, sizeof expected, "told: %s", *who ? who : "nobody");
    if (strcmp(told, who) != 0)
        wrong(expected, "told: %.40s", count > 0 ? told : "nobody");
}

static void
tells_at(int ms, const char *who)
{
    tells(ms * NS_PER_MS, who);
}

/* What to think of, if timers_left() is `left` where it should be `ms`. */
static const char *
hint_on(int left, int ms)
{
    if (ms == -1)
        return "-1 lets epoll_wait() sleep for ever: nobody is to be told";
    if (ms == INT_MAX)
        return "what does not fit into an int must not become another number";
    if (left == -1)
        return "one is set. Did it set itself, told? Take it out before the call, not after it";
    if (ms == 0)
        return "who is due already has not to be waited for";
    if (left == ms - 1)
        return "0.3 ms are 1 ms: with 0 the loop would come back at once, and again, until it is "
               "time";
    if (left == ms + 1)
        return "rounded up is only what is no whole number";
    return "what counts is the earliest of those that are set now";
}

static void
left_is(int64_t ns, int ms)
{
    int left = timers_left(set, start + ns);
    char expected[80];

    snprintf(expected, sizeof expected, "timers_left() at %.6f ms: %d", (double)ns / NS_PER_MS, ms);
    if (left == ms)
        return;
    hint = hint_on(left, ms);
    wrong(expected, "%d", left);
}

/* ---- what an owner does when it is told ---- */

static void
sets_itself_at_once(struct owner *o)
{
    if (o->times <= 3)
        did("  %c, told: sets itself, at 1 ms", name_of(o));
    must_set(&o->timer, start + NS_PER_MS);
}

static void
sets_itself_later(struct owner *o)
{
    did("  %c, told: sets itself, at 50 ms", name_of(o));
    must_set(&o->timer, start + 50 * NS_PER_MS);
}

static void
clears_others(struct owner *o)
{
    did("  %c, told: clears b and d", name_of(o));
    timers_clear(set, &named('b')->timer);
    timers_clear(set, &named('d')->timer);
}

static void
moves_next(struct owner *o)
{
    did("  %c, told: moves b to 90 ms", name_of(o));
    must_set(&named('b')->timer, start + 90 * NS_PER_MS);
}

/* It is 100 ms; b is the last that is due. */
static void
asks(struct owner *o)
{
    int left = timers_left(set, start + 100 * NS_PER_MS);

    did("  %c, told: asks timers_left()", name_of(o));
    if (name_of(o) == 'a' && left != 0) {
        hint = "b is still set, and due, even if timers_run() has it on another list by now";
        wrong("0: b has still to be told", "%d", left);
    }
    hint = "who is told is not set any more: take it out before the call, not after it";
    if (name_of(o) == 'b' && left != 400)
        wrong("400: c is the next", "%d", left);
}

static void
gives_back(struct owner *o)
{
    memset(&o->timer, 0xa5, sizeof o->timer);
}

static void
is_untouched(char name)
{
    const unsigned char *bytes = (const unsigned char *)&named(name)->timer;

    for (size_t i = 0; i < sizeof(struct timer); i++)
        if (bytes[i] != 0xa5)
            wrong("its timer is not touched any more", "something was written to %c", name);
}

/* ---- the plays ---- */

static void
play_one(void)
{
    set_timer('a', 10);
    tells_at(9, "");
    tells(10 * NS_PER_MS - 1, "");
    hint = "who is due at `now` is told, too: at <= now";
    tells_at(10, "a");
    hint = "who has been told is not set any more";
    tells_at(10, "");
    tells_at(1000, "");
}

static void
play_order(void)
{
    const int ms[] = {40, 10, 70, 20, 60, 30, 50};

    hint = "in which order they were set says nothing";
    for (int i = 0; i < 7; i++)
        set_timer((char)('a' + i), ms[i]);
    tells_at(35, "bdf");
    set_timer('b', 45);
    tells_at(45, "ab");
    tells_at(1000, "gec");
    tells_at(1000, "");
}

/* Moments from 0 on, and before. */
static void
play_early(void)
{
    hint = "a moment is a number like any other: 0 is one, and what is less is earlier";
    start = 0;
    set_timer('a', 0);
    set_timer('b', -1000);
    set_timer('c', 1);
    tells_at(-1000, "b");
    tells(-1, "");
    tells_at(0, "a");
    tells_at(1, "c");
}

static void
is_in_order(struct owner *o)
{
    static int64_t last;

    if (o->timer.at < last)
        wrong("the earliest first", "one whose moment is before that of the one told last");
    last = o->timer.at;
}

static void
play_many(void)
{
    hint = "how many there will be, only their owners know";
    did("set %d timers, for as many moments, in no order, and ran them", MANY);
    for (int i = 0; i < MANY; i++) {
        owners[i].act = is_in_order;
        must_set(&owners[i].timer, start + i * 7919 % MANY * NS_PER_MS);
    }
    count = 0;
    timers_run(set, start + MANY * NS_PER_MS);
    if (count != MANY)
        wrong("all are told", "told: %zu", count);
}

static void
play_same(void)
{
    hint = "those of the same moment are told all, in any order";
    set_timer('a', 10);
    set_timer('b', 10);
    set_timer('c', 10);
    did("timers_run() at 10 ms");
    timers_run(set, start + 10 * NS_PER_MS);
    for (char name = 'a'; name <= 'c'; name++)
        if (named(name)->times != 1)
            wrong("each of the three is told once", "%c: %d times", name, named(name)->times);
}

/* Sets, moves, clears and runs at random, and compares with what the owners themselves know. */
static void
play_chance(void)
{
    static int64_t at[BY_CHANCE]; /* -1: it is not set */
    int64_t now = 0;

    hint = "make the others pass first; then draw what you have after a move, and after a clear";
    did("set, moved and cleared 500 timers by chance, and ran them, 20000 times");
    srand(5);
    for (int i = 0; i < BY_CHANCE; i++)
        at[i] = -1;
    for (int i = 0; i < 20000; i++) {
        int which = rand() % BY_CHANCE;
        struct timer *t = &owners[which].timer;

        if (rand() % 4 == 0) {
            timers_clear(set, t);
            at[which] = -1;
        } else {
            at[which] = now + rand() % 3000;
            must_set(t, at[which]);
        }
        if (rand() % 50 != 0)
            continue;
        now += rand() % 1000;
        count = 0;
        timers_run(set, now);
        for (int j = 0; j < BY_CHANCE; j++) {
            bool due = at[j] != -1 && at[j] <= now;

            if (owners[j].times != due)
                wrong(due ? "who is due is told, once" : "who is not due is not told",
                      "one was told %d times", owners[j].times);
            owners[j].times = 0;
            if (due)
                at[j] = -1;
        }
    }
}

static void
play_move(void)
{
    hint = "where it was in the order is not where it belongs now";
    set_timer('a', 10);
    set_timer('b', 20);
    set_timer('c', 30);
    set_timer('a', 40);
    tells_at(15, "");
    tells_at(30, "bc");
    set_timer('d', 50);
    set_timer('d', 35);
    tells_at(38, "d");
    tells_at(1000, "a");
    set_timer('e', 1200);
    for (int i = 1199; i > 1190; i--)
        set_timer('e', i);
    tells_at(1191, "e");
    tells_at(5000, "");
}

static void
play_clear(void)
{
    hint = "it may lie at the beginning, in the middle, at the end, or not at all";
    set_timer('a', 10);
    set_timer('b', 20);
    set_timer('c', 30);
    clear_timer('b');
    clear_timer('b');
    clear_timer('d');
    tells_at(25, "a");
    clear_timer('a');
    clear_timer('c');
    tells_at(1000, "");
    set_timer('b', 40);
    tells_at(1000, "b");
}

static void
play_left(void)
{
    hint = "what counts is the earliest of those that are set now";
    did("no timer is set");
    left_is(0, -1);
    set_timer('a', 100);
    set_timer('b', 30);
    left_is(0, 30);
    left_is(-1, 31);
    left_is(1, 30);
    left_is(29 * NS_PER_MS, 1);
    left_is(30 * NS_PER_MS - 1, 1);
    left_is(30 * NS_PER_MS, 0);
    left_is(500 * NS_PER_MS, 0);
    clear_timer('b');
    left_is(30 * NS_PER_MS, 70);
    set_timer('a', 200);
    left_is(30 * NS_PER_MS, 170);
    tells_at(200, "a");
    left_is(200 * NS_PER_MS, -1);
    did("timers_set() of a: in a hundred days");
    must_set(&named('a')->timer, start + 100 * 86400 * NS_PER_SECOND);
    left_is(0, INT_MAX);
}

static void
play_inside(void)
{
    set_timer('a', 10);
    set_timer('b', 20);
    set_timer('c', 500);
    named('a')->act = named('b')->act = asks;
    hint = "what counts is the earliest of those that are set now";
    tells_at(100, "ab");
}

static void
play_again(void)
{
    hint = "whom you tell is settled before you tell the first";
    set_timer('a', 10);
    set_timer('b', 20);
    named('a')->act = sets_itself_at_once;
    tells_at(20, "ab");
    left_is(20 * NS_PER_MS, 0);
    hint = "what an expired() has set is set: take it out before the call, not after it";
    tells_at(20, "a");
    named('a')->act = sets_itself_later;
    tells_at(20, "a");
    left_is(20 * NS_PER_MS, 30);
    named('a')->act = NULL;
    tells_at(50, "a");
    tells_at(1000, "");
}

static void
play_clears_others(void)
{
    hint = "what was due when you began may not be set any more when its turn has come";
    for (char name = 'a'; name <= 'e'; name++)
        set_timer(name, 10 + name - 'a');
    named('a')->act = clears_others;
    tells_at(100, "ace");
    tells_at(1000, "");
    set_timer('a', 10);
    set_timer('b', 20);
    set_timer('c', 30);
    named('a')->act = moves_next;
    tells_at(40, "ac");
    tells_at(90, "b");
}

static void
play_gone(void)
{
    hint = NULL;
    did("each owner, when it is told, gives the memory of its timer back (it is overwritten)");
    for (char name = 'a'; name <= 'd'; name++) {
        set_timer(name, 10 + name - 'a');
        named(name)->act = name == 'd' ? NULL : gives_back;
    }
    tells_at(11, "ab");
    is_untouched('a');
    is_untouched('b');
    set_timer('e', 20);
    tells_at(30, "cde");
    is_untouched('a');
    is_untouched('b');
    is_untouched('c');
    set_timer('f', 40);
    tells_at(50, "f");
}

static size_t
memory(void)
{
    struct mallinfo2 now = mallinfo2(); /* 0 under a sanitizer; but that finds leaks by itself */

    return now.uordblks + now.hblkhd;
}

static void
play_free(void)
{
    size_t before = 0, after;

    hint = "whose timers they are, these have their memory; what you have got yourself, you free";
    did("100 sets, one after the other, each freed while 26 timers are set; whose memory is gone");
    for (int i = -1; i < 100; i++) {
        if (i == 0)
            before = memory();
        timers_free(set);
        begin();
        for (char name = 'a'; name <= 'z'; name++)
            must_set(&named(name)->timer, start + name);
        for (char name = 'a'; name <= 'z'; name++)
            gives_back(named(name));
    }
    after = memory();
    for (char name = 'a'; name <= 'z'; name++)
        is_untouched(name);
    if (after > before + 100 * sizeof(void *))
        wrong("timers_free() frees all that the set has", "%zu bytes more than before",
              after - before);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"one", play_one},       {"order", play_order}, {"same", play_same},
    {"move", play_move},     {"clear", play_clear}, {"chance", play_chance},
    {"left", play_left},     {"again", play_again}, {"clears-others", play_clears_others},
    {"gone", play_gone},     {"early", play_early}, {"many", play_many},
    {"inside", play_inside}, {"free", play_free},
};

int
main(int argc, char **argv)
{
    size_t n = sizeof scenarios / sizeof *scenarios, i = 0;

    while (i < n && strcmp(scenarios[i].name, argc > 1 ? argv[1] : "") != 0)
        i++;
    if (i == n) {
        printf("usage: timers SCENARIO\nscenarios:");
        for (i = 0; i < n; i++)
            printf(" %s", scenarios[i].name);
        printf("\n");
        return 2;
    }
    begin();
    scenarios[i].play();
    timers_free(set);
    timers_free(NULL);
    printf("%s\n", argc > 2 ? argv[2] : "held");
    return 0;
}
