/*
 * timeline.c - draws a trace (TRACE=file.json, see lib/watch.h) as lanes
 *
 * Shows:  one lane for each connection of talk or load, and for each thread: who waited, when,
 *         and in which call.
 * Run:    build/lib/timeline --text trace.json
 *         build/lib/timeline --title "B waits for A" trace.json >figure.svg
 * Watch:  --from and --to, in milliseconds, zoom in; --lanes A,B,server picks and orders lanes.
 *         Several traces are drawn one below the other, each from its own beginning.
 * Book:   How to read this book, "Pictures of waiting"
 *
 * Time begins and ends with the connections, if there are any: a server may have waited long
 * before the first one came.
 */
#include "clock.h"
#include "error.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME = 32,
    MOST_LANES = 24, /* drawn */
    MOST_TRACES = 8,
    MOST_COLUMNS = 1024,               /* cells in a lane */
    CONNECTION_TID = 10 * 1000 * 1000, /* lanes of watch_record() have a tid above this */
    COMM = 15,                         /* the kernel cuts a thread's name here */
};

struct event {
    int64_t start, end; /* nanoseconds */
    int lane;           /* index */
    bool waited;
    char name[NAME];
};

struct lane {
    int trace;
    long pid, tid;
    int64_t first, last; /* from its first event to the end of its last one */
    char thread[NAME], process[NAME];
    char label[NAME + 8];
    int order; /* 0: not drawn */
};

static struct event *events;
static size_t event_count;
static struct lane *lanes;
static int lane_count;
static struct {
    const char *path;
    int64_t zero, end; /* what is drawn, unless the options say otherwise */
} traces[MOST_TRACES];
static int trace_count;

static struct {
    bool text;
    double from_ms, to_ms; /* to_ms < 0: to the end */
    int columns;
    const char *lanes;
    const char *title;
} options = {.to_ms = -1, .columns = 78};

static double
ms(int64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

static bool
is_connection(const struct lane *l)
{
    return l->tid > CONNECTION_TID;
}

/* ---- reading a trace: one entry a line, as lib/watch_trace.c writes it ---- */

static _Noreturn void
refuse(size_t line, const char *reason)
{
    fprintf(stderr, "%s: %s:%zu: %s\n", program_invocation_short_name, traces[trace_count].path,
            line, reason);
    exit(1);
}

/* What follows `"key":` in `from`, or NULL. */
static const char *
value_of(const char *from, const char *key)
{
    char pattern[NAME];
    const char *at;

    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    at = strstr(from, pattern);
    return at ? at + strlen(pattern) : NULL;
}

static void
copy_string(char out[NAME], const char *value, size_t line)
{
    const char *end = value && *value == '"' ? strchr(value + 1, '"') : NULL;

    if (!end)
        refuse(line, "an entry without a name or a category");
    snprintf(out, NAME, "%.*s", (int)(end - value - 1), value + 1);
}

static double
number(const char *from, const char *key, size_t line)
{
    const char *value = value_of(from, key);
    char *end;
    double n = value ? strtod(value, &end) : 0;

    if (!value || end == value || n < 0)
        refuse(line, "an entry whose pid, tid, ts or dur is no number");
    return n;
}

/* Room for one more: an array is enlarged whenever its length has become a power of two. */
static void *
grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1))
        return array;
    array = realloc(array, (count ? 2 * count : 1) * size);
    if (!array)
        fail("realloc", NULL);
    return array;
}

static int
lane_of(long pid, long tid)
{
    for (int i = lane_count - 1; i >= 0 && lanes[i].trace == trace_count; i--)
        if (lanes[i].pid == pid && lanes[i].tid == tid)
            return i;
    lanes = grow(lanes, (size_t)lane_count, sizeof *lanes);
    lanes[lane_count] =
        (struct lane){.trace = trace_count, .pid = pid, .tid = tid, .first = INT64_MAX};
    return lane_count++;
}

static void
read_entry(const char *text, size_t line)
{
    struct event event = {
        .lane = lane_of((long)number(text, "pid", line), (long)number(text, "tid", line))};
    struct lane *lane = &lanes[event.lane];
    char kind[NAME];

    copy_string(kind, value_of(text, "ph"), line);
    copy_string(event.name, value_of(text, "name"), line);
    if (strcmp(kind, "M") == 0) {
        const char *args = value_of(text, "args");
        bool thread = strcmp(event.name, "thread_name") == 0;

        copy_string(thread ? lane->thread : lane->process, args ? value_of(args, "name") : NULL,
                    line);
        return;
    }
    copy_string(kind, value_of(text, "cat"), line);
    event.waited = strcmp(kind, "wait") == 0;
    event.start = (int64_t)(number(text, "ts", line) * 1000);
    event.end = event.start + (int64_t)(number(text, "dur", line) * 1000);
    if (event.start < lane->first)
        lane->first = event.start;
    if (event.end > lane->last)
        lane->last = event.end;
    events = grow(events, event_count, sizeof *events);
    events[event_count++] = event;
}

/* An entry ends with "}", or "}," before another one. */
static bool
is_whole(const char *text)
{
    size_t len = strlen(text);

    return len > 4 && (strcmp(text + len - 3, "},\n") == 0 || strcmp(text + len - 2, "}\n") == 0);
}

static void
read_trace(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0, line = 0, before = event_count;
    bool closed = false;

    if (!file)
        fail("open", path);
    traces[trace_count].path = path;
    while (getline(&text, &room, file) != -1) {
        bool entry =
            strncmp(text, "{\"ph\":\"X\",", 10) == 0 || strncmp(text, "{\"ph\":\"M\",", 10) == 0;

        line++;
        if (closed)
            refuse(line, "something follows the closing bracket");
        if (line == 1 && strcmp(text, "[\n") != 0)
            refuse(line, "not a trace that TRACE=file has written: it begins with a line '['");
        if (entry && !is_whole(text))
            refuse(line, "an entry that is cut off");
        if (entry)
            read_entry(text, line);
        else if (line > 1 && strcmp(text, "]\n") == 0)
            closed = true;
        else if (line > 1 && strcmp(text, "\n") != 0)
            refuse(line, "not an entry as TRACE=file writes them, one a line");
    }
    if (!closed)
        refuse(line, "it ends without a closing bracket");
    if (event_count == before)
        refuse(line, "nothing has happened in it");
    free(text);
    fclose(file);
    trace_count++;
}

/* ---- which lanes, in which order, under which label ---- */

/* A connection or a named thread by its own name; another thread by that of its process. */
static void
label_lane(struct lane *l)
{
    bool unnamed = !l->thread[0] || strncmp(l->thread, l->process, COMM) == 0;

    snprintf(l->label, sizeof l->label, "%s",
             is_connection(l) || !unnamed ? l->thread : l->process);
}

/* The second lane of the same name becomes "name 2". */
static void
number_labels(struct lane **chosen, int count)
{
    for (int i = count - 1; i > 0; i--) {
        int same = 1;

        for (int k = 0; k < i; k++)
            same += chosen[k]->trace == chosen[i]->trace &&
                    strcmp(chosen[k]->label, chosen[i]->label) == 0;
        if (same > 1) {
            char plain[20]; /* with its number no wider than WIDEST_LABEL */

            snprintf(plain, sizeof plain, "%.19s", chosen[i]->label);
            snprintf(chosen[i]->label, sizeof chosen[i]->label, "%s %d", plain, same);
        }
    }
}

/* The place, from 1, of a name in --lanes that is the label or its beginning before a space. */
static int
place_in_list(const char *label)
{
    int place = 1;

    for (const char *name = options.lanes; *name; place++) {
        size_t len = strcspn(name, ",");

        if (len > 0 && strncmp(label, name, len) == 0)
            return place;
        name += len + (name[len] == ',');
    }
    return 0;
}

/* The thread that plays connections does nothing that their lanes do not show. */
static bool
plays_connections(const struct lane *l)
{
    for (int i = 0; i < lane_count; i++)
        if (lanes[i].trace == l->trace && lanes[i].pid == l->pid && is_connection(&lanes[i]))
            return !is_connection(l);
    return false;
}

static int
by_order(const void *a, const void *b)
{
    const struct lane *x = *(struct lane *const *)a, *y = *(struct lane *const *)b;

    if (x->trace != y->trace)
        return x->trace - y->trace;
    if (x->order != y->order)
        return x->order - y->order;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Fills `chosen` and returns how many there are to draw. */
static int
choose_lanes(struct lane **chosen)
{
    int count = 0;

    for (int i = 0; i < lane_count; i++) {
        struct lane *l = &lanes[i];

        label_lane(l);
        if (options.lanes)
            l->order = place_in_list(l->label);
        else
            l->order = is_connection(l) ? 1 : plays_connections(l) ? 0 : 2;
        if (l->order && l->last > 0)
            chosen[count++] = l;
    }
    qsort(chosen, (size_t)count, sizeof *chosen, by_order);
    number_labels(chosen, count);
    return count;
}

/* From the first to the last event of the connections of each trace; without any, of all. */
static void
find_times(struct lane **chosen, int count)
{
    for (int t = 0; t < trace_count; t++) {
        bool connections = false;

        for (int i = 0; i < count; i++)
            connections = connections || (chosen[i]->trace == t && is_connection(chosen[i]));
        traces[t].zero = INT64_MAX;
        for (int i = 0; i < count; i++) {
            const struct lane *l = chosen[i];

            if (l->trace != t || (connections && !is_connection(l)))
                continue;
            traces[t].zero = l->first < traces[t].zero ? l->first : traces[t].zero;
            traces[t].end = l->last > traces[t].end ? l->last : traces[t].end;
        }
    }
}

/* ---- one lane as a row of cells ---- */

enum kind { ABSENT, IDLE, WAITING, BY_TURNS, WORKING, KINDS };

static const char sign[KINDS] = {' ', '-', '.', '+', '#'};
static const char *const meaning[KINDS] = {NULL, "connected, idle", "waiting, in the call named",
                                           "both by turns", "working"};

struct cell {
    enum kind kind;
    const char *waits_in; /* the longest wait in it */
    int64_t longest, waited, worked;
    int waits; /* that begin in it */
    bool called;
};

struct row {
    struct cell cells[MOST_COLUMNS];
    int64_t waited, longest; /* of what is drawn; for the alternative text */
    const char *longest_in;
};

static int64_t
overlap(int64_t a, int64_t b, int64_t c, int64_t d)
{
    int64_t from = a > c ? a : c, to = b < d ? b : d;

    return to > from ? to - from : 0;
}

/*
 * A thread works whenever it does not wait; a connection only while it says so. Work is seldom
 * long enough to fill a cell, and must be seen all the same: one call is enough. But where
 * a thread waits again and again in one cell, and for most of it, it does both.
 */
static enum kind
kind_of(const struct cell *cell, int64_t alive, int64_t length, bool connection)
{
    int64_t worked = connection ? cell->worked : alive - cell->waited;

    if (alive == 0 && !cell->called)
        return ABSENT;
    if (cell->called || worked > length / 10 + 1)
        return cell->waits > 8 && cell->waited > length / 2 ? BY_TURNS : WORKING;
    if (cell->waited > 0)
        return connection && cell->waited < alive / 2 ? IDLE : WAITING;
    return connection ? IDLE : WORKING;
}

static void
add_event(struct row *row, const struct event *e, int64_t from, double cell_ns, int columns)
{
    double to = (double)(e->end - from) / cell_ns;
    int first = e->start < from ? 0 : (int)((double)(e->start - from) / cell_ns);
    int last = to < columns ? (int)to : columns - 1;

    for (int i = first; i <= last; i++) {
        struct cell *cell = &row->cells[i];
        int64_t begin = from + (int64_t)(i * cell_ns), end = from + (int64_t)((i + 1) * cell_ns);
        int64_t length = overlap(e->start, e->end, begin, end);

        if (!e->waited) {
            cell->called = true;
            cell->worked += length;
            continue;
        }
        cell->waited += length;
        cell->waits += i == first;
        row->waited += length;
        if (length > cell->longest) {
            cell->longest = length;
            cell->waits_in = e->name;
        }
    }
    if (e->waited && e->end - e->start > row->longest) {
        row->longest = e->end - e->start;
        row->longest_in = e->name;
    }
}

static void
fill_row(struct row *row, const struct lane *l, int64_t from, int64_t to, int columns)
{
    double cell_ns = (double)(to - from) / columns;

    memset(row, 0, sizeof *row);
    for (size_t i = 0; i < event_count; i++)
        if (&lanes[events[i].lane] == l && events[i].end >= from && events[i].start < to)
            add_event(row, &events[i], from, cell_ns, columns);
    for (int i = 0; i < columns; i++) {
        int64_t begin = from + (int64_t)(i * cell_ns), end = from + (int64_t)((i + 1) * cell_ns);

        row->cells[i].kind = kind_of(&row->cells[i], overlap(l->first, l->last, begin, end),
                                     end - begin, is_connection(l));
    }
}

/* The end of the run of cells that are like the one at `i`, and wait in the same call. */
static int
run_end(const struct row *row, int i, int columns)
{
    const struct cell *first = &row->cells[i];

    for (; i < columns && row->cells[i].kind == first->kind; i++)
        if (first->kind == WAITING && strcmp(row->cells[i].waits_in, first->waits_in) != 0)
            break;
    return i;
}

/* A round number of milliseconds, so that at most `parts` of them make `span`. */
static double
tick_ms(double span, int parts)
{
    double tick = 0.001;

    for (; tick * parts < span; tick *= 10) {
        if (tick * 2 * parts >= span)
            return tick * 2;
        if (tick * 5 * parts >= span)
            return tick * 5;
    }
    return tick;
}

static double
first_tick(double from_ms, double tick)
{
    double first = (double)(int64_t)(from_ms / tick) * tick;

    return first < from_ms - tick / 1000 ? first + tick : first;
}

/* ---- as text ---- */

enum { WIDEST_LABEL = 22 };

static void
text_axis(int margin, double from_ms, double to_ms, int columns)
{
    double tick = tick_ms(to_ms - from_ms, 6);
    char line[MOST_COLUMNS + NAME];

    memset(line, ' ', sizeof line);
    for (double t = first_tick(from_ms, tick); t <= to_ms; t += tick) {
        int at = (int)((t - from_ms) / (to_ms - from_ms) * columns);
        char text[NAME];
        int len = snprintf(text, sizeof text, "|%g", t);

        if (at + len <= columns)
            memcpy(line + at, text, (size_t)len);
    }
    for (columns--; columns > 0 && line[columns] == ' '; columns--)
        ;
    printf("%*s%.*s\n", margin, "ms ", columns + 1, line);
}

static void
text_lane(const struct lane *l, const struct row *row, int margin, int columns)
{
    char line[MOST_COLUMNS + 1];
    int end = 0;

    for (int i = 0; i < columns; i = end) {
        const char *name = row->cells[i].kind == WAITING ? row->cells[i].waits_in : "";
        size_t len = strlen(name);

        end = run_end(row, i, columns);
        memset(line + i, sign[row->cells[i].kind], (size_t)(end - i));
        if (end - i >= (int)len + 4)
            memcpy(line + i + 2, name, len);
    }
    for (end = columns; end > 0 && line[end - 1] == ' '; end--)
        ;
    printf("%-*.*s %.*s\n", margin - 1, margin - 1, l->label, end, line);
}

static void
text_legend(const bool seen[KINDS])
{
    const char *between = "";

    for (int kind = KINDS - 1; kind > ABSENT; kind--)
        if (seen[kind]) {
            printf("%s%c %s", between, sign[kind], meaning[kind]);
            between = "   ";
        }
    putchar('\n');
}

/* ---- as SVG ---- */

enum { WIDTH = 900, MARGIN = 176, STEP = 28, BAR = 18, TOP = 64, HEADING = 30, AXIS = 40 };

static const char style[] =
    "<style>\n"
    "text { font: 13px ui-monospace, \"DejaVu Sans Mono\", monospace; fill: #222 }\n"
    ".title { font-weight: bold } .small { font-size: 12px }\n"
    ".page { fill: #fff } .work { fill: #0b5394 } .stripe { stroke: #9aa4b0 }\n"
    ".wait { fill: url(#hatch); stroke: #9aa4b0 } .idle { stroke: #0b5394; stroke-width: 2 }\n"
    ".name { paint-order: stroke; stroke: #fff; stroke-width: 5px } .grid { stroke: #d8dce2 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #e0e3e8 } .page { fill: #16181c } .work { fill: #6fb1ff }\n"
    ".stripe, .wait { stroke: #6b7480 } .idle { stroke: #6fb1ff }\n"
    ".name { stroke: #16181c } .grid { stroke: #33383f } }\n"
    "</style>\n"
    "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><path class=\"stripe\" d=\"M1 0V6\" stroke-width=\"1.5\"/>"
    "</pattern></defs>\n";

static void
put_escaped(const char *s)
{
    for (; *s; s++)
        if (*s == '<')
            fputs("&lt;", stdout);
        else if (*s == '&')
            fputs("&amp;", stdout);
        else
            putchar(*s);
}

static void
svg_bar(enum kind kind, int x, int y, int width)
{
    static const char *const rect =
        "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n";

    if (kind == WAITING || kind == BY_TURNS)
        printf(rect, "wait", x, y, width, BAR);
    if (kind == WORKING)
        printf(rect, "work", x, y, width, BAR);
    if (kind == BY_TURNS)
        printf(rect, "work", x, y + BAR / 2, width, BAR / 2);
    if (kind == IDLE)
        printf("<path class=\"idle\" d=\"M%d %dh%d\"/>\n", x, y + BAR / 2, width);
}

static void
svg_title(const char *title, int height)
{
    int x = 12;

    printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
           "height=\"%d\" role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">",
           WIDTH, height, WIDTH, height);
    put_escaped(title);
    fputs("</title>\n", stdout);
    fputs(style, stdout);
    printf("<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n"
           "<text class=\"title\" x=\"%d\" y=\"22\">",
           WIDTH, height, x);
    put_escaped(title);
    fputs("</text>\n", stdout);
    for (int kind = KINDS - 1; kind > ABSENT; kind--) {
        svg_bar((enum kind)kind, x, 32, 24);
        printf("<text class=\"small\" x=\"%d\" y=\"46\">%s</text>\n", x + 30, meaning[kind]);
        x += 54 + (int)(7.6 * (double)strlen(meaning[kind]));
    }
}

static void
svg_axis(double from_ms, double to_ms, int columns, int bottom)
{
    double tick = tick_ms(to_ms - from_ms, 8);

    for (double t = first_tick(from_ms, tick); t <= to_ms; t += tick) {
        double x = MARGIN + (t - from_ms) / (to_ms - from_ms) * columns;

        printf("<path class=\"grid\" d=\"M%.1f %dV%d\"/>"
               "<text class=\"small\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n",
               x, TOP - 6, bottom + 4, x, bottom + 18, t);
    }
    printf("<text class=\"small\" x=\"%d\" y=\"%d\">milliseconds</text>\n", 12, bottom + 18);
}

static void
svg_lane(const struct lane *l, const struct row *row, int columns, int y)
{
    printf("<text x=\"12\" y=\"%d\">", y + BAR - 5);
    put_escaped(l->label);
    fputs("</text>\n", stdout);
    for (int i = 0, end; i < columns; i = end) {
        enum kind kind = row->cells[i].kind;

        end = run_end(row, i, columns);
        /* A hair of work is widened, so that it can be seen. */
        svg_bar(kind, MARGIN + i - (kind == WORKING && end - i < 2), y,
                end - i + 2 * (kind == WORKING && end - i < 2));
        if (kind == WAITING && end - i > 8 * (int)strlen(row->cells[i].waits_in) + 16) {
            printf("<text class=\"name small\" x=\"%d\" y=\"%d\">", MARGIN + i + 8, y + BAR - 5);
            put_escaped(row->cells[i].waits_in);
            fputs("</text>\n", stdout);
        }
    }
}

/* For the text above several traces: build/x/trace-of-one.json is "trace-of-one". */
static const char *
heading(int trace)
{
    static char name[2 * NAME];
    const char *base = strrchr(traces[trace].path, '/');

    base = base ? base + 1 : traces[trace].path;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
    return name;
}

/* The alternative text: what the picture shows, for those who cannot see it. */
static void
svg_description(const struct lane *l, const struct row *row, int64_t from, int64_t to)
{
    putchar('\n');
    if (trace_count > 1) {
        put_escaped(heading(l->trace));
        fputs(", ", stdout);
    }
    put_escaped(l->label);
    printf(": waited %.4g of %.4g ms", ms(row->waited), ms(overlap(l->first, l->last, from, to)));
    if (row->longest_in) {
        printf(", longest %.4g ms in ", ms(row->longest));
        put_escaped(row->longest_in);
    }
    putchar('.');
}

/* ---- all of it ---- */

static void
draw_text(struct lane **chosen, struct row *rows, int count, double from_ms, double to_ms)
{
    bool seen[KINDS] = {false};
    int margin = 0, columns;

    for (int i = 0; i < count; i++) {
        int len = (int)strlen(chosen[i]->label);

        margin = len > margin ? len : margin;
    }
    margin = (margin < WIDEST_LABEL ? margin : WIDEST_LABEL) + 1;
    margin = margin < 4 ? 4 : margin;
    columns = options.columns - margin;
    if (options.title)
        printf("%.*s\n", options.columns, options.title);
    for (int i = 0; i < count; i++) {
        int64_t zero = traces[chosen[i]->trace].zero;

        if (trace_count > 1 && (i == 0 || chosen[i]->trace != chosen[i - 1]->trace))
            printf("%s%s\n", i > 0 ? "\n" : "", heading(chosen[i]->trace));
        fill_row(rows, chosen[i], zero + (int64_t)(from_ms * 1e6), zero + (int64_t)(to_ms * 1e6),
                 columns);
        text_lane(chosen[i], rows, margin, columns);
        for (int k = 0; k < columns; k++)
            seen[rows->cells[k].kind] = true;
    }
    text_axis(margin, from_ms, to_ms, columns);
    text_legend(seen);
}

static void
draw_svg(struct lane **chosen, struct row *rows, int count, double from_ms, double to_ms)
{
    int columns = WIDTH - MARGIN - 24, y = TOP;
    int headings = trace_count > 1 ? trace_count : 0;
    int bottom = TOP + count * STEP + headings * HEADING;

    svg_title(options.title ? options.title : "Who waited, and when", bottom + AXIS);
    printf("<desc id=\"desc\">%d lanes from %.4g to %.4g ms.", count, from_ms, to_ms);
    for (int i = 0; i < count; i++) {
        int64_t from = traces[chosen[i]->trace].zero + (int64_t)(from_ms * 1e6);
        int64_t to = traces[chosen[i]->trace].zero + (int64_t)(to_ms * 1e6);

        fill_row(&rows[i], chosen[i], from, to, columns);
        svg_description(chosen[i], &rows[i], from, to);
    }
    fputs("</desc>\n", stdout);
    svg_axis(from_ms, to_ms, columns, bottom);
    for (int i = 0; i < count; i++) {
        if (headings && (i == 0 || chosen[i]->trace != chosen[i - 1]->trace)) {
            y += HEADING;
            printf("<text class=\"title\" x=\"12\" y=\"%d\">", y - 8);
            put_escaped(heading(chosen[i]->trace));
            fputs("</text>\n", stdout);
        }
        svg_lane(chosen[i], &rows[i], columns, y);
        y += STEP;
    }
    puts("</svg>");
}

static void
draw(void)
{
    struct lane **chosen = calloc((size_t)lane_count, sizeof *chosen);
    struct row *rows = calloc(MOST_LANES, sizeof *rows);
    double to_ms = options.to_ms;
    int count, drawn;

    if (!chosen || !rows)
        fail("calloc", NULL);
    count = choose_lanes(chosen);
    drawn = count < MOST_LANES ? count : MOST_LANES;
    if (count == 0) {
        fprintf(stderr, "%s: no lane is called '%s'; there are", program_invocation_short_name,
                options.lanes);
        for (int i = 0; i < lane_count && i < MOST_LANES; i++)
            fprintf(stderr, "%s %s", i ? "," : "", lanes[i].label);
        fputc('\n', stderr);
        exit(1);
    }
    find_times(chosen, drawn);
    for (int t = 0; t < trace_count && options.to_ms < 0; t++)
        if (ms(traces[t].end - traces[t].zero) > to_ms)
            to_ms = ms(traces[t].end - traces[t].zero);
    if (to_ms < options.from_ms + 0.001)
        to_ms = options.from_ms + 0.001;
    (options.text ? draw_text : draw_svg)(chosen, rows, drawn, options.from_ms, to_ms);
    fflush(stdout);
    if (drawn < count)
        fprintf(stderr, "%s: %d of %d lanes are drawn; --lanes NAME,NAME chooses others\n",
                program_invocation_short_name, drawn, count);
    free(chosen);
    free(rows);
}

static const char usage[] =
    "usage: timeline [--text] [--from MS] [--to MS] [--columns N] [--lanes NAME,NAME]\n"
    "                [--title TEXT] TRACE...\n";

static double
parse_option(const char *text, double least, double most)
{
    char *end;
    double n = strtod(text, &end);

    if (end == text || *end || !(n >= least && n <= most)) {
        fprintf(stderr, "%s: a number from %g to %g is needed, not '%s'\n",
                program_invocation_short_name, least, most, text);
        exit(2);
    }
    return n;
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
    int letter;

    while ((letter = getopt_long(argc, argv, "h", names, NULL)) != -1) {
        switch (letter) {
        case 't':
            options.text = true;
            break;
        case 'f':
            options.from_ms = parse_option(optarg, -1e9, 1e9);
            break;
        case 'u':
            options.to_ms = parse_option(optarg, 0, 1e9);
            break;
        case 'c':
            options.columns = (int)parse_option(optarg, 40, 200);
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
    if (optind == argc || argc - optind > MOST_TRACES) {
        fputs(usage, stderr);
        return 2;
    }
    for (; optind < argc; optind++)
        read_trace(argv[optind]);
    draw();
    free(events);
    free(lanes);
    return 0;
}
