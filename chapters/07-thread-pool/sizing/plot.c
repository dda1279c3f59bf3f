#include "plot.h"

#include <stdio.h>

enum { LEFT = 70, RIGHT = 560, TOP = 76, BOTTOM = 376, LOWEST = -1 };

static const char head[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 436\" width=\"760\" "
    "height=\"436\" role=\"img\" aria-labelledby=\"title desc\">\n"
    "<title id=\"title\">Throughput and the size of the pool</title>\n"
    "<style>\n"
    "text { font: 13px ui-monospace, \"DejaVu Sans Mono\", monospace; fill: #222 }\n"
    ".title { font-weight: bold } .page { fill: #fff } .grid { stroke: #d8dce2 }\n"
    ".mark { stroke: #9aa4b0; stroke-width: 2; stroke-dasharray: 4 4 }\n"
    ".line { fill: none; stroke: #0b5394; stroke-width: 2 } .dot { fill: #0b5394 }\n"
    ".waits { stroke-dasharray: 8 4 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #e0e3e8 } .page { fill: #16181c } .grid { stroke: #33383f }\n"
    ".mark { stroke: #6b7480 } .line { stroke: #6fb1ff } .dot { fill: #6fb1ff } }\n"
    "</style>\n"
    "<rect class=\"page\" width=\"760\" height=\"436\"/>\n"
    "<text class=\"title\" x=\"12\" y=\"22\">Throughput and the size of the pool</text>\n"
    "<text x=\"12\" y=\"44\">so many times that of one worker</text>\n"
    "<text x=\"315\" y=\"418\" text-anchor=\"middle\">workers</text>\n";

static double highest; /* the last doubling on both axes */

/* The logarithm to the base 2, to twenty places after the point; the math library has it, too. */
static double
doublings(double x)
{
    double whole = 0, part = 0, place = 1;

    for (; x < 1; x *= 2)
        whole--;
    for (; x >= 2; x /= 2)
        whole++;
    for (int i = 0; i < 20; i++) {
        x *= x;
        place /= 2;
        if (x >= 2) {
            x /= 2;
            part += place;
        }
    }
    return whole + part;
}

static double
x_of(double workers)
{
    return LEFT + (RIGHT - LEFT) * doublings(workers) / highest;
}

static double
y_of(double speed_up)
{
    double up = doublings(speed_up);

    return BOTTOM - (BOTTOM - TOP) * ((up > LOWEST ? up : LOWEST) - LOWEST) / (highest - LOWEST);
}

static void
axes(void)
{
    for (int i = 0; i <= (int)highest; i++) {
        double x = x_of(1 << i), y = y_of(1 << i);

        printf("<path class=\"grid\" d=\"M%.1f %dV%d\"/>", x, TOP, BOTTOM);
        printf("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>\n", x, BOTTOM + 20,
               1 << i);
        printf("<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, RIGHT);
        printf("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", LEFT - 8, y + 4,
               1 << i);
    }
}

static void
mark(int workers, const char *name, const char *anchor)
{
    double x = x_of(workers);

    printf("<path class=\"mark\" d=\"M%.1f %dV%d\"/>", x, TOP, BOTTOM);
    printf("<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x, TOP - 6, anchor, name);
}

static void
line(const struct measured *all, int count, int waiting)
{
    double speed_up = 0;

    printf("<path class=\"line%s\" d=\"", waiting ? " waits" : "");
    for (int i = 0; i < count; i++) {
        speed_up = waiting ? all[i].waiting / all->waiting : all[i].computing / all->computing;
        printf("%c%.1f %.1f", i == 0 ? 'M' : 'L', x_of(all[i].workers), y_of(speed_up));
    }
    printf("\"/>\n");
    for (int i = 0; i < count; i++) {
        speed_up = waiting ? all[i].waiting / all->waiting : all[i].computing / all->computing;
        printf("<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", x_of(all[i].workers),
               y_of(speed_up));
    }
    printf("<text x=\"%d\" y=\"%.1f\">tasks that %s</text>\n", RIGHT + 12, y_of(speed_up) + 4,
           waiting ? "wait 5 ms" : "compute");
}

void
plot(const struct measured *all, int count, int cpus)
{
    highest = doublings(all[count - 1].workers);
    printf("%s<desc id=\"desc\">", head);
    for (int i = 0; i < count; i++)
        printf("%d workers: %.1f and %.1f times. ", all[i].workers,
               all[i].computing / all->computing, all[i].waiting / all->waiting);
    printf("The first of tasks that compute, the second of tasks that wait.</desc>\n");
    axes();
    mark(cpus, "N", "end");
    mark(cpus + 1, "N+1", "start");
    line(all, count, 0);
    line(all, count, 1);
    puts("</svg>");
}
