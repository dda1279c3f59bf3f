#include "report.h"

#include "figures.h"

/* In the units of the picture, which may be shown at any size. */
enum { WIDTH = 480, HEIGHT = 354, LEFT = 48, RIGHT = 464, TOP = 92, BOTTOM = 304 };

/* Points of a curve between two nines: 90 % and 99 %, for one. */
enum { STEPS = 40, MOST_NINES = 6 };

static const char style[] =
    "<style>\n"
    ".plot text { font: 13px system-ui, \"Segoe UI\", Roboto, \"DejaVu Sans\", sans-serif;\n"
    "  font-variant-numeric: tabular-nums; fill: #1d2126 }\n"
    ".plot .title { font-weight: bold } .plot .quiet { fill: #5a636d }\n"
    ".plot .paper { fill: #fcfcfa } .plot .grid { stroke: #d9dcdf }\n"
    ".plot .curve { fill: none; stroke-width: 2.5; stroke-linejoin: round }\n"
    ".plot .service { stroke: #2f78b0 } .plot .response { stroke: #b3541e; stroke-dasharray: 7 4 "
    "}\n"
    "@media (prefers-color-scheme: dark) {\n"
    ".plot text { fill: #e5e8ea } .plot .quiet { fill: #a0a9b2 }\n"
    ".plot .paper { fill: #15181b } .plot .grid { stroke: #363c42 }\n"
    ".plot .service { stroke: #4f9fd8 } .plot .response { stroke: #f0a35e } }\n"
    "</style>\n";

/* The values of the left axis: from 0 in steps of 1, 2 or 5 times a power of ten, five at most. */
struct scale {
    double step, top; /* ns */
    double unit;      /* ns */
    const char *unit_name;
};

static struct scale
scale_for(uint64_t max)
{
    struct scale s = {.step = 1, .unit = 1e3, .unit_name = "us"};
    double rises[] = {2, 2.5, 2};

    for (int i = 0; s.step * 5 < (double)max; i++)
        s.step *= rises[i % 3];
    s.top = s.step;
    while (s.top < (double)max)
        s.top += s.step;
    if (max >= 1000000000)
        s = (struct scale){s.step, s.top, 1e9, "s"};
    else if (max >= 1000000)
        s = (struct scale){s.step, s.top, 1e6, "ms"};
    return s;
}

static double
height_of(uint64_t value, const struct scale *s)
{
    return BOTTOM - (double)value / s->top * (BOTTOM - TOP);
}

/* So many values make 99.9 % worth drawing: 1,000 make three nines. */
static int
nines_of(uint64_t count)
{
    int nines = 1;

    for (uint64_t n = 100; n <= count && nines < MOST_NINES; n *= 10)
        nines++;
    return nines;
}

static double
width_of_a_nine(int nines)
{
    return (RIGHT - LEFT) / (nines + 0.5); /* the last half of one is for the maximum */
}

/*
 * The axis is that of HdrHistogram's plots: as far as from all to a tenth of the answers, it is
 * from a tenth to a hundredth. So `left`, the share of answers that took longer, shrinks by the
 * same factor with each step to the right.
 */
static void
put_curve(FILE *out, const struct histogram *h, const char *kind, int nines,
          const struct scale *scale)
{
    static const double shrinks = 0.94406087628592; /* 10 to the power of -1/STEPS */
    double left = 1, x = LEFT, wide = width_of_a_nine(nines);

    fprintf(out, "<path class=\"curve %s\" d=\"M%.1f %.1f", kind, x, height_of(h->min, scale));
    for (int i = 0; i < nines * STEPS; i++) {
        left *= shrinks;
        x += wide / STEPS;
        fprintf(out, "L%.1f %.1f", x, height_of(histogram_percentile(h, 100 * (1 - left)), scale));
    }
    fprintf(out, "L%d %.1f\"/>\n", RIGHT, height_of(h->max, scale));
}

static void
put_percentile(FILE *out, double x, const char *label)
{
    fprintf(out,
            "<path class=\"grid\" d=\"M%.1f %dV%d\"/>"
            "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
            x, TOP, BOTTOM + 5, x, BOTTOM + 20, label);
}

static void
put_axes(FILE *out, int nines, const struct scale *scale)
{
    static const char *const labels[] = {"90", "99", "99.9", "99.99", "99.999", "99.9999"};
    double wide = width_of_a_nine(nines);

    for (double y = 0; y <= scale->top + scale->step / 2; y += scale->step)
        fprintf(out,
                "<path class=\"grid\" d=\"M%d %.1fH%d\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                LEFT, height_of((uint64_t)y, scale), RIGHT, LEFT - 6,
                height_of((uint64_t)y, scale) + 4.5, y / scale->unit);
    put_percentile(out, LEFT + 0.30103 * wide, "50"); /* the logarithm of 1 / (1 - 0.5) */
    for (int i = 0; i < nines; i++)
        put_percentile(out, LEFT + (i + 1) * wide, labels[i]);
    put_percentile(out, RIGHT - 4, "max");
    fprintf(out, "<text class=\"quiet\" x=\"%d\" y=\"%d\">%s</text>\n", 12, TOP - 12,
            scale->unit_name);
    fprintf(out, "<text class=\"quiet\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", RIGHT,
            BOTTOM + 40, "% of the answers took at most so long");
}

static void
put_legend(FILE *out, int x, const char *kind, const char *text)
{
    fprintf(out, "<path class=\"curve %s\" d=\"M%d 56h36\"/><text x=\"%d\" y=\"60\">%s</text>\n",
            kind, x, x + 42, text);
}

static void
put_description(FILE *out, const char *what, const struct histogram *h)
{
    char half[TEXT], p99[TEXT], max[TEXT];

    fprintf(out, "%s: half of the answers took at most %s, 99 %% at most %s, the longest %s. ",
            what, duration(histogram_percentile(h, 50), half),
            duration(histogram_percentile(h, 99), p99), duration(h->max, max));
}

void
write_svg(FILE *out, const struct plan *plan, const struct result *r)
{
    const struct histogram *responses = &r->responses, *service = &r->latencies;
    uint64_t max = responses->max > service->max ? responses->max : service->max;
    struct scale scale = scale_for(max);
    int nines = nines_of(service->count);

    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" width=\"%d\" "
            "height=\"%d\" viewBox=\"0 0 %d %d\" "
            "role=\"img\" aria-labelledby=\"plot-title plot-desc\">\n"
            "<title id=\"plot-title\">Latency by percentile</title>\n<desc id=\"plot-desc\">",
            WIDTH * 3 / 2, HEIGHT * 3 / 2, WIDTH, HEIGHT);
    put_description(out, "Service time", service);
    if (responses->count > 0)
        put_description(out, "Response time", responses);
    fprintf(out, "</desc>\n%s<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", style, WIDTH,
            HEIGHT);
    fprintf(out, "<text class=\"title\" x=\"12\" y=\"22\">Latency by percentile</text>\n"
                 "<text class=\"quiet\" x=\"12\" y=\"40\">");
    put_clients(out, plan);
    fputs("</text>\n", out);
    put_axes(out, nines, &scale);
    put_legend(out, 12, "service", "service: since it was sent");
    put_curve(out, service, "service", nines, &scale);
    if (responses->count > 0) {
        put_legend(out, 232, "response", "response: since it was due");
        put_curve(out, responses, "response", nines, &scale);
    }
    fputs("</svg>\n", out);
}
