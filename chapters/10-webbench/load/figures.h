/*
 * figures.h - what the reports have in common: which figures there are, and how far to trust them
 */
#pragma once

#include "clients.h"

#include <stdio.h>

enum { TEXT = 32, MEASURES = 4, FIGURES = 10, MOST_WARNINGS = 8, WARNING = 75 };

/* 1234567 as "1,234,567". */
const char *grouped(uint64_t number, char text[TEXT]);

/* 2000.4 as "2,000", but of what is less than ten three digits: "0.5". */
const char *rounded(double number, char text[TEXT]);

/* Three digits and a unit: "87.4 us", "1.02 ms", "3.00 s". */
const char *duration(uint64_t ns, char text[TEXT]);

double per_second(double amount, const struct result *r);

/* Requests whose connection stood: what the server can have seen. */
uint64_t requests_sent(const struct result *r);

/* Whole answers, wanted or not. */
uint64_t responses_received(const struct result *r);

/* Of them, with a status from `least` to `most`. */
uint64_t statuses_between(const struct result *r, int least, int most);

/* Of the whole run: 1 is all the time of as many CPUs as there are threads. */
double client_share(const struct plan *plan, const struct result *r);

/* What the outcomes are called in a file, and what those that are failures mean. */
extern const char *const outcome_keys[OUTCOMES];
extern const char *const outcome_meanings[OUTCOMES];

/* A length of time that was measured again and again. */
struct measure {
    const char *title, *key;
    const struct histogram *histogram;
};

/* The most important one first; those of which nothing was recorded are there, but empty. */
void name_measures(const struct result *r, struct measure measures[MEASURES]);

/* One figure of a histogram. */
struct figure {
    const char *title, *key;
    double percent; /* of the percentiles; 0: another figure */
    uint64_t needs; /* of fewer values than that it says nothing: p99 of ten would be their max */
};

extern const struct figure figures[FIGURES];

/* In nanoseconds. */
uint64_t figure_of(const struct histogram *h, const struct figure *figure);

/* Reasons not to trust the figures, the gravest first, a sentence each; with "  ! ", 78 columns. */
struct warnings {
    int count;
    char text[MOST_WARNINGS][WARNING];
};

void find_warnings(const struct plan *plan, const struct result *r, struct warnings *w);

/* All that failed before the window. */
uint64_t warm_up_failures(const struct result *r);

/* "100 connections to 127.0.0.1:8000" */
void put_clients(FILE *out, const struct plan *plan);

/* The same, ", messages of 100 bytes, 3.00 s measured" */
void put_headline(FILE *out, const struct plan *plan, const struct result *r);

/* "GET http://127.0.0.1:8000/a and 2 more" in `room` characters at most. */
void put_asked(FILE *out, const struct plan *plan, int room);

/* What was typed to start this program, so that bash understands it; from malloc(3). */
char *command_line(void);
