/*
 * timeline.c - draws a trace (TRACE=file.json, see lib/watch.h) as lanes
 *
 * Shows:  one lane for each thread, and for each connection of talk or load: who waited where,
 *         and for how long. Waiting is `.` or a hatched bar, working `#` or a solid one.
 * Run:    build/lib/timeline --text trace.json
 *         build/lib/timeline --title "B waits for A" trace.json >figure.svg
 * Watch:  --from and --to, in milliseconds, zoom in; --lanes A,B,server picks and orders lanes.
 * Book:   how to read, "Pictures of waiting"
 */
#include "clock.h"
#include "error.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 32, MOST_LANES = 24, LANE_TID = 10 * 1000 * 1000 };

struct event {
    int64_t start, end; /* nanoseconds */
    int lane;           /* index */
    bool waited;
    char name[NAME];
};

struct lane {
    long pid, tid;
    int64_t first, last; /* from its first event to its last one */
    char thread[NAME], process[NAME];
    char label[2 * NAME];
    int order; /* 0: not drawn */
};

static struct event *events;
static size_t event_count;
static struct lane *lanes;
static int lane_count;

static struct {
    bool text;
    double from_ms, to_ms; /* to_ms < 0: to the end */
    int columns;
    const char *lanes;
    const char *title;
} options = {.to_ms = -1, .columns = 78, .title = "Who waited, and when"};

/* ---- reading a trace: one entry a line, as watch writes it ---- */

static _Noreturn void
refuse(const char *path, size_t line, const char *reason)
{
    fprintf(stderr, "%s: %s:%zu: %s\n", program_invocation_short_name, path, line, reason);
    exit(1);
}

/* Copies the string value of `key` after `from` to `out`; an absent one is "". */
static void
string_of(const char *from, const char *key, char out[NAME])
{
    char pattern[NAME];
    const char *at;
    size_t len;

    snprintf(pattern, sizeof pattern, "\"%s\":\"", key);
    at = strstr(from, pattern);
    if (at)
        at += strlen(pattern);
    len = at ? strcspn(at, "\"") : 0;
    snprintf(out, NAME, "%.*s", (int)len, at ? at : "");
}

static double
number_of(const char *from, const char *key)
{
    char pattern[NAME];
    const char *at;

    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    at = strstr(from, pattern);
    return at ? strtod(at + strlen(pattern), NULL) : -1;
}

static void *
grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) /* it grows when the count is a power of two */
        return array;
    array = realloc(array, (count ? 2 * count : 1) * size);
    if (!array)
        fail("realloc", NULL);
    return array;
}

static int
lane_of(long pid, long tid)
{
    for (int i = 0; i < lane_count; i++)
        if (lanes[i].pid == pid && lanes[i].tid == tid)
            return i;
    lanes = grow(lanes, (size_t)lane_count, sizeof *lanes);
    lanes[lane_count] = (struct lane){.pid = pid, .tid = tid, .first = INT64_MAX};
    return lane_count++;
}

static void
read_entry(const char *line)
{
    int lane = lane_of((long)number_of(line, "pid"), (long)number_of(line, "tid"));
    const char *args = strstr(line, "\"args\":");
    struct event event = {.lane = lane};
    char category[NAME];

    string_of(line, "name", event.name);
    if (strcmp(event.name, "thread_name") == 0 && args)
        string_of(args, "name", lanes[lane].thread);
    else if (strcmp(event.name, "process_name") == 0 && args)
        string_of(args, "name", lanes[lane].process);
    if (!strstr(line, "\"ph\":\"X\""))
        return;
    string_of(line, "cat", category);
    event.waited = strcmp(category, "wait") == 0;
    event.start = (int64_t)(number_of(line, "ts") * 1000);
    event.end = event.start + (int64_t)(number_of(line, "dur") * 1000);
    if (event.start < lanes[lane].first)
        lanes[lane].first = event.start;
    if (event.end > lanes[lane].last)
        lanes[lane].last = event.end;
    events = grow(events, event_count, sizeof *events);
    events[event_count++] = event;
}

static void
read_trace(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;

    if (!file)
        fail("open", path);
    for (size_t n = 1; getline(&line, &room, file) != -1; n++) {
        if (line[0] == '{' && strstr(line, "\"ph\":") && strstr(line, "\"pid\":"))
            read_entry(line);
        else if (!strchr("[]\n", line[0]))
            refuse(path, n, "not a line of a trace that TRACE= has written");
    }
    if (event_count == 0)
        refuse(path, 1, "nothing happened in this trace");
    free(line);
    fclose(file);
}

/* ---- which lanes, in which order, under which label ---- */

/* "A" for a connection; "server" for a thread named like its process; else "server/worker-1". */
static void
label_lane(struct lane *l)
{
    if (l->tid > LANE_TID || strcmp(l->thread, l->process) == 0 || !l->thread[0])
        snprintf(l->label, sizeof l->label, "%s", l->thread[0] ? l->thread : l->process);
    else
        snprintf(l->label, sizeof l->label, "%s/%s", l->process, l->thread);
}

static int
place_in_list(const char *label)
{
    char list[1024], *save = NULL;
    int place = 1;

    snprintf(list, sizeof list, "%s", options.lanes);
    for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save), place++)
        if (strncmp(label, name, strlen(name)) == 0)
            return place;
    return 0;
}

static int
by_order(const void *a, const void *b)
{
    const struct lane *x = *(struct lane *const *)a, *y = *(struct lane *const *)b;

    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Fills `chosen` and returns how many there are to draw; the caller draws MOST_LANES of them. */
static int
choose_lanes(struct lane **chosen)
{
    int count = 0;

    for (int i = 0; i < lane_count; i++) {
        struct lane *l = &lanes[i];

        label_lane(l);
        l->order = options.lanes ? place_in_list(l->label) : l->tid > LANE_TID ? 1 : 2;
        if (l->order && l->last > 0)
            chosen[count++] = l;
    }
    qsort(chosen, (size_t)count, sizeof *chosen, by_order);
    return count;
}

/* ---- one lane as a row of cells ---- */

enum cell { NOTHING = ' ', WAITING = '.', WORKING = '#' };

struct row {
    enum cell cell[1024];
    const char *waits_in[1024]; /* the call, where a wait begins */
};

static int64_t
overlap(int64_t a, int64_t b, int64_t c, int64_t d)
{
    int64_t from = a > c ? a : c, to = b < d ? b : d;

    return to > from ? to - from : 0;
}

/*
 * A thread works whenever it does not wait; a connection only while it says so. A cell is
 * working when a tenth of it is, or a call falls into it: short work must stay visible beside
 * long waits.
 */
static void
fill_row(struct row *row, const struct lane *l, int64_t from, int64_t to, int columns)
{
    static int64_t waited[1024];
    static bool called[1024];
    double cell_ns = (double)(to - from) / columns;
    bool is_thread = l->tid < LANE_TID;

    memset(row, 0, sizeof *row);
    memset(waited, 0, sizeof waited);
    memset(called, 0, sizeof called);
    for (size_t i = 0; i < event_count; i++) {
        const struct event *e = &events[i];
        int first = (int)((double)(e->start - from) / cell_ns);
        int last = (int)((double)(e->end - from) / cell_ns);

        if (&lanes[e->lane] != l || e->end < from || e->start >= to)
            continue;
        first = first < 0 ? 0 : first;
        last = last >= columns ? columns - 1 : last;
        for (int c = first; c <= last; c++) {
            int64_t begin = from + (int64_t)(c * cell_ns);

            if (e->waited)
                waited[c] += overlap(e->start, e->end, begin, begin + (int64_t)cell_ns);
            else
                called[c] = true;
        }
        if (e->waited)
            row->waits_in[first] = e->name;
    }
    for (int c = 0; c < columns; c++) {
        int64_t begin = from + (int64_t)(c * cell_ns);
        int64_t alive = overlap(l->first, l->last, begin, begin + (int64_t)cell_ns);
        int64_t worked = is_thread ? alive - waited[c] : 0;

        if (called[c] || worked > (int64_t)cell_ns / 10)
            row->cell[c] = WORKING;
        else
            row->cell[c] = waited[c] > 0 ? WAITING : NOTHING;
    }
}

/* The end of the run of equal cells that begins at `c`. */
static int
run_end(const struct row *row, int c, int columns)
{
    int end = c;

    while (end < columns && row->cell[end] == row->cell[c])
        end++;
    return end;
}

/* The call that a run of waiting is spent in: the one that began last before or within it. */
static const char *
wait_name(const struct row *row, int begin, int end)
{
    for (int c = end - 1; c >= begin; c--)
        if (row->waits_in[c])
            return row->waits_in[c];
    return begin > 0 && row->waits_in[begin - 1] ? row->waits_in[begin - 1] : "";
}

/* A round number of milliseconds that divides `span` into about `parts`. */
static double
tick_ms(double span, int parts)
{
    double tick = 0.001;

    while (tick * parts < span) {
        if (tick * 2 * parts >= span)
            return tick * 2;
        if (tick * 5 * parts >= span)
            return tick * 5;
        tick *= 10;
    }
    return tick;
}

/* ---- as text ---- */

enum { LABEL_COLUMNS = 17 };

static void
text_axis(double from_ms, double to_ms, int columns)
{
    double tick = tick_ms(to_ms - from_ms, 6);
    char line[1024];

    memset(line, ' ', sizeof line);
    for (double t = (int)(from_ms / tick) * tick; t <= to_ms; t += tick) {
        int c = (int)((t - from_ms) / (to_ms - from_ms) * columns + 0.5);
        char number[NAME];
        int n = snprintf(number, sizeof number, "|%g", t);

        if (c >= 0 && c + n <= columns)
            memcpy(line + c, number, (size_t)n);
    }
    line[columns] = '\0';
    printf("%-*s%s\n", LABEL_COLUMNS, "milliseconds", line);
}

static void
text_lane(const struct lane *l, const struct row *row, int columns)
{
    printf("%-*.*s ", LABEL_COLUMNS - 1, LABEL_COLUMNS - 1, l->label);
    for (int c = 0, end; c < columns; c = end) {
        const char *name;
        int room, len;

        end = run_end(row, c, columns);
        name = row->cell[c] == WAITING ? wait_name(row, c, end) : "";
        room = end - c;
        len = (int)strlen(name);
        if (len == 0 || room < len + 4)
            len = 0;
        for (int i = c; i < end; i++)
            if (i < c + 2 || i >= c + 2 + len)
                putchar(row->cell[i]);
            else
                putchar(name[i - c - 2]);
    }
    putchar('\n');
}

/* ---- as SVG ---- */

enum { SVG_WIDTH = 900, SVG_LABEL = 150, LANE_HEIGHT = 26, BAR_HEIGHT = 16, SVG_TOP = 54 };

static void
put_escaped(const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '<':
            fputs("&lt;", stdout);
            break;
        case '&':
            fputs("&amp;", stdout);
            break;
        default:
            putchar(*s);
        }
}

static void
svg_begin(int lanes_drawn, double from_ms, double to_ms, int columns)
{
    int height = SVG_TOP + lanes_drawn * LANE_HEIGHT + 34;
    double tick = tick_ms(to_ms - from_ms, 8);

    printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
           "aria-labelledby=\"title desc\">\n<title id=\"title\">",
           SVG_WIDTH, height);
    put_escaped(options.title);
    printf("</title>\n<desc id=\"desc\">%d lanes from %g to %g ms; hatched is waiting, solid is "
           "working.</desc>\n",
           lanes_drawn, from_ms, to_ms);
    fputs("<style>text{font:12px ui-monospace,monospace;fill:#222}.work{fill:#0b5394}"
          ".wait{fill:url(#hatch);stroke:#999}.grid{stroke:#ccc}"
          "svg{background:#fff}@media(prefers-color-scheme:dark){svg{background:#16181c}"
          "text{fill:#ddd}.work{fill:#6fb1ff}.grid{stroke:#444}}</style>\n"
          "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
          "patternTransform=\"rotate(45)\"><path d=\"M0 0V6\" stroke=\"#aaa\" "
          "stroke-width=\"2\"/></pattern></defs>\n<text x=\"8\" y=\"18\">",
          stdout);
    put_escaped(options.title);
    printf("</text>\n<rect class=\"work\" x=\"%d\" y=\"26\" width=\"22\" height=\"10\"/>"
           "<text x=\"%d\" y=\"36\">working</text>"
           "<rect class=\"wait\" x=\"%d\" y=\"26\" width=\"22\" height=\"10\"/>"
           "<text x=\"%d\" y=\"36\">waiting, in the call named</text>\n",
           SVG_LABEL, SVG_LABEL + 28, SVG_LABEL + 110, SVG_LABEL + 138);
    for (double t = (int)(from_ms / tick) * tick; t <= to_ms; t += tick) {
        double x = SVG_LABEL + (t - from_ms) / (to_ms - from_ms) * columns;

        if (t < from_ms)
            continue;
        printf("<path class=\"grid\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\">%g ms</text>\n",
               x, SVG_TOP - 6, height - 28, x, height - 12, t);
    }
}

static void
svg_lane(const struct lane *l, const struct row *row, int columns, int y)
{
    printf("<text x=\"8\" y=\"%d\">", y + BAR_HEIGHT - 4);
    put_escaped(l->label);
    puts("</text>");
    for (int c = 0, end; c < columns; c = end) {
        const char *name;

        end = run_end(row, c, columns);
        if (row->cell[c] == NOTHING)
            continue;
        printf("<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
               row->cell[c] == WAITING ? "wait" : "work", SVG_LABEL + c, y, end - c, BAR_HEIGHT);
        name = row->cell[c] == WAITING ? wait_name(row, c, end) : "";
        if (end - c > 8 * (int)strlen(name) + 10 && *name)
            printf("<text x=\"%d\" y=\"%d\">%s</text>\n", SVG_LABEL + c + 6, y + BAR_HEIGHT - 4,
                   name);
    }
}

/* ---- main ---- */

static void
draw(void)
{
    struct lane **chosen = malloc((size_t)lane_count * sizeof *chosen);
    int count = choose_lanes(chosen), drawn = count < MOST_LANES ? count : MOST_LANES;
    int columns = options.text ? options.columns - LABEL_COLUMNS : SVG_WIDTH - SVG_LABEL - 20;
    int64_t zero = INT64_MAX, from, to = 0;
    static struct row row;

    if (count == 0)
        refuse("--lanes", 0, "no lane has such a name");
    for (int i = 0; i < count; i++) {
        zero = chosen[i]->first < zero ? chosen[i]->first : zero;
        to = chosen[i]->last > to ? chosen[i]->last : to;
    }
    from = zero + (int64_t)(options.from_ms * (double)NS_PER_MS);
    if (options.to_ms >= 0)
        to = zero + (int64_t)(options.to_ms * (double)NS_PER_MS);
    if (to <= from)
        to = from + 1000;
    if (!options.text)
        svg_begin(drawn, (double)(from - zero) / 1e6, (double)(to - zero) / 1e6, columns);
    for (int i = 0; i < drawn; i++) {
        fill_row(&row, chosen[i], from, to, columns);
        if (options.text)
            text_lane(chosen[i], &row, columns);
        else
            svg_lane(chosen[i], &row, columns, SVG_TOP + i * LANE_HEIGHT);
    }
    if (options.text) {
        text_axis((double)(from - zero) / 1e6, (double)(to - zero) / 1e6, columns);
        printf("%-*s. waiting (in the call named)   # working\n", LABEL_COLUMNS, "");
    } else {
        puts("</svg>");
    }
    if (drawn < count)
        fprintf(stderr, "%d of %d lanes are drawn; --lanes NAME,NAME chooses\n", drawn, count);
    free(chosen);
}

int
main(int argc, char **argv)
{
    static const struct option names[] = {
        {"text", no_argument, NULL, 't'},        {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 'u'},    {"columns", required_argument, NULL, 'c'},
        {"lanes", required_argument, NULL, 'l'}, {"title", required_argument, NULL, 'T'},
        {"help", no_argument, NULL, 'h'},        {0},
    };
    static const char usage[] = "usage: timeline [--text] [--from MS] [--to MS] [--columns N] "
                                "[--lanes A,B] [--title TEXT] TRACE\n";
    int letter;

    while ((letter = getopt_long(argc, argv, "h", names, NULL)) != -1) {
        switch (letter) {
        case 't':
            options.text = true;
            break;
        case 'f':
            options.from_ms = atof(optarg);
            break;
        case 'u':
            options.to_ms = atof(optarg);
            break;
        case 'c':
            options.columns = atoi(optarg);
            break;
        case 'l':
            options.lanes = optarg;
            break;
        case 'T':
            options.title = optarg;
            break;
        default:
            fputs(usage, letter == 'h' ? stdout : stderr);
            return letter == 'h' ? 0 : 2;
        }
    }
    if (optind != argc - 1 || options.columns < 40 || options.columns > 200) {
        fputs(usage, stderr);
        return 2;
    }
    read_trace(argv[optind]);
    draw();
    return 0;
}
