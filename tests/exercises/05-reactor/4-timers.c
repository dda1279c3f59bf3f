/*
 * 4-timers.c - plays the loop and the owners for a set of timers
 *
 * usage: timers SCENARIO [WORD]; prints WORD ("held") and ends with 0 if all is as it should be,
 * else tells what was called and what was expected. What time it is, the play says.
 */
#include "../../../exercises/05-reactor/4-timers/timers.h"
#include "clock.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 500, MOST_TOLD = MANY + 1 };

static const int64_t start = 7 * NS_PER_SECOND + 123456; /* some moment */

/* An owner. Its name is a letter, and what it does when it is told is the scenario's. */
static struct owner {
    struct timer timer;
    int times; /* it was told */
    void (*act)(struct owner *);
} owners[MANY];

static struct timers *set;
static char told[MOST_TOLD + 1]; /* who was told, in order */
static size_t count;

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
    if (count == MOST_TOLD)
        wrong("timers_run() returns", "it has told %d timers, and goes on", MOST_TOLD);
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

/* At so many milliseconds after the start. */
static void
set_timer(char name, int ms)
{
    did("timers_set() of %c: at %d ms", name, ms);
    if (!timers_set(set, &named(name)->timer, start + ms * NS_PER_MS))
        wrong("true: it is set", "false");
    if (named(name)->timer.at != start + ms * NS_PER_MS)
        wrong("its moment in t->at", "another number");
}

static void
clear_timer(char name)
{
    did("timers_clear() of %c", name);
    timers_clear(set, &named(name)->timer);
}

/* It is so many nanoseconds after the start, and exactly these are told. */
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

static void
left_is(int64_t ns, int ms)
{
    int left = timers_left(set, start + ns);
    char expected[80];

    snprintf(expected, sizeof expected, "timers_left() at %.6f ms: %d", (double)ns / NS_PER_MS, ms);
    if (left != ms)
        wrong(expected, "%d", left);
}

/* ---- what an owner does when it is told ---- */

static void
sets_itself_at_once(struct owner *o)
{
    if (o->times <= 3)
        did("  %c, told: sets itself, at 1 ms", name_of(o));
    if (!timers_set(set, &o->timer, start + NS_PER_MS))
        wrong("true: it is set", "false");
}

static void
sets_itself_later(struct owner *o)
{
    did("  %c, told: sets itself, at 50 ms", name_of(o));
    if (!timers_set(set, &o->timer, start + 50 * NS_PER_MS))
        wrong("true: it is set", "false");
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
    if (!timers_set(set, &named('b')->timer, start + 90 * NS_PER_MS))
        wrong("true: it is set", "false");
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
            wrong("a timer that was told is not touched any more", "something was written to %c",
                  name);
}

/* ---- the plays ---- */

static void
play_one(void)
{
    set_timer('a', 10);
    tells_at(9, "");
    tells(10 * NS_PER_MS - 1, "");
    tells_at(10, "a");
    tells_at(10, "");
    tells_at(1000, "");
}

static void
play_order(void)
{
    const int ms[] = {40, 10, 70, 20, 60, 30, 50};

    for (int i = 0; i < 7; i++)
        set_timer((char)('a' + i), ms[i]);
    tells_at(35, "bdf");
    set_timer('b', 45);
    tells_at(45, "ab");
    tells_at(1000, "gec");
    tells_at(1000, "");
}

static void
play_same(void)
{
    set_timer('a', 10);
    set_timer('b', 10);
    set_timer('c', 10);
    did("timers_run() at 10 ms");
    timers_run(set, start + 10 * NS_PER_MS);
    for (char name = 'a'; name <= 'c'; name++)
        if (named(name)->times != 1)
            wrong("each of the three is told once", "%c: %d times", name, named(name)->times);
}

/* Sets, moves, clears and runs by chance, and compares with what the owners themselves know. */
static void
play_chance(void)
{
    static int64_t at[MANY]; /* -1: it is not set */
    int64_t now = 0;

    did("set, moved and cleared 500 timers by chance, and ran them, 20000 times");
    srand(5);
    for (int i = 0; i < MANY; i++)
        at[i] = -1;
    for (int i = 0; i < 20000; i++) {
        int which = rand() % MANY;
        struct timer *t = &owners[which].timer;

        if (rand() % 4 == 0) {
            timers_clear(set, t);
            at[which] = -1;
        } else {
            at[which] = now + rand() % 3000;
            if (!timers_set(set, t, at[which]))
                wrong("true: it is set", "false");
        }
        if (rand() % 50 != 0)
            continue;
        now += rand() % 1000;
        count = 0;
        timers_run(set, now);
        for (int j = 0; j < MANY; j++) {
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
    if (!timers_set(set, &named('a')->timer, start + 100 * 86400 * NS_PER_SECOND))
        wrong("true: it is set", "false");
    left_is(0, INT_MAX);
}

static void
play_again(void)
{
    set_timer('a', 10);
    set_timer('b', 20);
    named('a')->act = sets_itself_at_once;
    tells_at(20, "ab");
    left_is(20 * NS_PER_MS, 0);
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
    did("timers_free() with g set, whose memory is given back afterwards");
    set_timer('g', 60);
}

static const struct scenario {
    const char *name;
    void (*play)(void);
} scenarios[] = {
    {"one", play_one},   {"order", play_order}, {"same", play_same},
    {"move", play_move}, {"clear", play_clear}, {"chance", play_chance},
    {"left", play_left}, {"again", play_again}, {"clears-others", play_clears_others},
    {"gone", play_gone},
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
