# report-html.awk - a comparison as one page: no other file, no script, works offline
#
# It is well-formed XML as well, so that it can be checked. Bars begin at zero; the one chart
# that is logarithmic says so. Every figure of a chart stands in a table too.

END {
    plan()
    micro = "µs"
    head()
    for (g = 1; g <= groups; g++)
        group(g)
    beside_published()
    how_measured()
    every_round()
    print "</main>\n</body>\n</html>"
}

function html(s) {
    gsub(/&/, "\\&amp;", s)
    gsub(/</, "\\&lt;", s)
    gsub(/>/, "\\&gt;", s)
    gsub(/"/, "\\&quot;", s)
    return s
}

# ---- the top ----

function head(    i, title) {
    title = number_word(models) plural(models, " server", " servers") " compared"
    print "<!DOCTYPE html>"
    print "<html lang=\"en\">"
    print "<head>"
    print "<meta charset=\"utf-8\"/>"
    print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
    print "<meta name=\"color-scheme\" content=\"light dark\"/>"
    print "<title>" title " - Ready or Not</title>"
    print "<link rel=\"icon\" href=\"data:,\"/>"
    style()
    print "</head>"
    print "<body>"
    print "<main>"
    print "<header>"
    print "<p class=\"book\">Ready or Not: network servers in C</p>"
    print "<h1>" title "</h1>"
    print "<p>The same 100 bytes there and back, from the same client on the same machine; only the way in which" \
        " the server deals with many clients at once differs. Every figure is the median of " \
        meta["rounds"] plural(meta["rounds"], " round", " rounds") " of " meta["seconds"] \
        " s, taken in turn. They are this machine's: yours will differ.</p>"
    print "</header>"
    find_notices()
    print "<section>"
    print "<h2>What to notice</h2>"
    print "<ol class=\"notice\">"
    for (i = 1; i <= notices && i <= 3; i++)
        print "<li>" html(notice[i]) " <span class=\"chapter\">Chapter " notice_chapter[i] "</span></li>"
    print "</ol>"
    print "</section>"
}

function style() {
    print "<style>"
    print ":root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1d2126; --quiet: #5a636d; --line: #d9dcdf;"
    print "  --bar: #2f78b0; --span: #10202c; --shade: #f1f2f0; }"
    print "@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e5e8ea; --quiet: #a0a9b2;"
    print "  --line: #363c42; --bar: #4f9fd8; --span: #f4f8fb; --shade: #1e2226; } }"
    print "* { box-sizing: border-box; }"
    print "body { margin: 0; background: var(--paper); color: var(--ink);"
    print "  font: 16px/1.5 system-ui, -apple-system, \"Segoe UI\", Roboto, \"Liberation Sans\", \"DejaVu Sans\", sans-serif; }"
    print "main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem; }"
    print "h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .75rem; }"
    print "h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.75rem 0 .5rem; }"
    print "p, dl, ol, pre { margin: 0 0 1rem; max-width: 46rem; }"
    print ".book { color: var(--quiet); margin-bottom: .25rem; }"
    print ".notice { padding-left: 1.4rem; } .notice li { margin-bottom: .35rem; }"
    print ".chapter { color: var(--quiet); white-space: nowrap; }"
    print ".scroll { overflow-x: auto; margin: 0 0 1.25rem; }"
    print "table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; min-width: min(100%, 24rem); }"
    print "caption { caption-side: top; text-align: left; color: var(--quiet); padding-bottom: .4rem; }"
    print "caption span { display: inline-block; position: sticky; left: 0; max-width: min(46rem, 100vw - 2rem); }"
    print "tbody th { position: sticky; left: 0; background: var(--paper); }"
    print "th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }"
    print "th:first-child, td:first-child { text-align: left; padding-left: 0; }"
    print "thead th { vertical-align: bottom; font-weight: 600; } tbody th { font-weight: 400; }"
    print "thead small { display: block; font-weight: 400; color: var(--quiet); }"
    print "td small { color: var(--quiet); }"
    print "td.why { text-align: left; white-space: normal; color: var(--quiet); padding-left: 1.4rem; }"
    print ".charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.75rem 2.5rem; }"
    print "figure { margin: 0; min-width: 0; } figcaption { margin-bottom: .5rem; line-height: 1.35; }"
    print "figcaption small { display: block; color: var(--quiet); }"
    print "svg { display: block; width: 100%; height: auto; font: 13px system-ui, -apple-system, \"Segoe UI\", Roboto,"
    print "  \"Liberation Sans\", \"DejaVu Sans\", sans-serif; font-variant-numeric: tabular-nums; }"
    print "svg text { fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 4px; } svg .tick { fill: var(--quiet); font-size: 11px; }"
    print ".bar { fill: var(--bar); } .grid { stroke: var(--line); } .reach { stroke: var(--span); stroke-width: 1.5; }"
    print ".dot { fill: var(--bar); } .ring { fill: var(--paper); stroke: var(--bar); stroke-width: 2; }"
    print ".tail { stroke: var(--bar); stroke-width: 2; }"
    print "dt { color: var(--quiet); } dd { margin: 0 0 .4rem; }"
    print "@media (min-width: 40rem) { dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.2rem; } }"
    print "pre { background: var(--shade); padding: .7rem .9rem; overflow-x: auto; border-radius: 4px; }"
    print "summary { cursor: pointer; margin-bottom: .75rem; }"
    print "</style>"
}

# ---- one load with one number of clients ----

function group(g,    n, list, i, names) {
    print "<section>"
    print "<h2>" load_title(group_load[g]) ", " clients_text(group_clients[g]) "</h2>"
    print "<p>" load_sentence(group_load[g], group_clients[g]) "</p>"
    group_table(g)
    n = client_bound(g, list)
    if (n > 0) {
        for (i = 1; i <= n; i++)
            names = names (i == 1 ? "" : i == n ? " and " : ", ") html(list[i])
        print "<p><strong>The client was the bottleneck</strong> with " names ": it used 90 % of its CPU or more, so" \
            " these servers could have done more requests a second. Compare their CPU time.</p>"
    }
    print "<div class=\"charts\">"
    bar_chart(g, "rate", "Requests a second", "more is better; from zero")
    latency_chart(g)
    bar_chart(g, "cpu", "CPU time a request, " micro, "of the whole process tree; less is better; from zero")
    bar_chart(g, "pss", "Memory, MiB", "proportional set size of the whole process tree; less is better; from zero")
    print "</div>"
    print "</section>"
}

function load_sentence(load, clients) {
    if (load == "visits")
        return "Each client connects, sends 100 bytes, reads 100 back, closes, and begins again."
    return "Each client connects once, then sends 100 bytes and reads 100 back, again and again. The column" \
        " <em>answered</em> says how many ever got an answer: a server that serves one client until it leaves answers" \
        " one, and that is no failure but its nature."
}

function column_head(name, unit, better) {
    return "<th scope=\"col\">" name "<small>" unit (unit == "" ? "" : "<br/>") better "</small></th>"
}

function group_table(g,    i, key, caption) {
    caption = load_title(group_load[g]) ", " clients_text(group_clients[g]) ", medians of " meta["rounds"] \
        plural(meta["rounds"], " round", " rounds") ", failures of all; in small type the lowest and the highest round"
    print "<div class=\"scroll\" role=\"region\" aria-label=\"" caption "\" tabindex=\"0\">"
    print "<table class=\"models\">"
    print "<caption><span>" caption "</span></caption>"
    print "<thead><tr><th scope=\"col\">model</th>" column_head("answered", "clients", "more is better") \
        column_head("requests", "a second", "more is better") column_head("p50", "ms", "less is better") \
        column_head("p99", "ms", "less is better") column_head("CPU", micro " a request", "less is better") \
        column_head("memory", "MiB of PSS", "less is better") column_head("failures", "requests", "less is better") \
        "</tr></thead>"
    print "<tbody>"
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        print "<tr data-model=\"" html(model_name[i]) "\"><th scope=\"row\">" html(model_name[i]) "</th>" \
            "<td>" answered_cell(g, key) "</td>" cell_with_range(key, "rate") cell_with_range(key, "p50") \
            cell_with_range(key, "p99") cell_with_range(key, "cpu") cell_with_range(key, "pss") \
            "<td>" (runs[key] ? commas(total[key, "failures"]) : "–") "</td></tr>"
        if (key in why)
            print "<tr><td class=\"why\" colspan=\"8\">" html(why[key]) "</td></tr>"
    }
    print "</tbody>"
    print "</table>"
    print "</div>"
}

function answered_cell(g, key) {
    return runs[key] ? commas(median(key, "answered")) " of " commas(group_clients[g]) : "–"
}

function show(measure, x) {
    return measure == "rate" ? commas(x) : short(x)
}

function cell_with_range(key, measure) {
    if (!has(key, measure))
        return "<td>–</td>"
    return "<td>" show(measure, median(key, measure)) (count[key, measure] < 2 ? "" : \
        "<br/><small>" show(measure, lowest(key, measure)) "–" show(measure, highest(key, measure)) "</small>") "</td>"
}

# ---- charts: 400 units wide, 38 for a model, so that they can be read on a phone ----

function chart_begin(g, title, story, description) {
    charts++
    print "<figure>"
    print "<figcaption><strong>" title "</strong><small>" story "</small></figcaption>"
    print "<svg viewBox=\"0 0 400 " models * 38 + 22 "\" role=\"img\" aria-labelledby=\"t" charts " d" charts "\">"
    print "<title id=\"t" charts "\">" title ": " load_title(group_load[g]) ", " clients_text(group_clients[g]) "</title>"
    print "<desc id=\"d" charts "\">" description "</desc>"
}

function chart_end() {
    print "</svg>"
    print "</figure>"
}

function name_and_figure(y, name, figure) {
    print "<text x=\"0\" y=\"" y + 12 "\">" html(name) "</text>" \
        "<text x=\"400\" y=\"" y + 12 "\" text-anchor=\"end\">" figure "</text>"
}

function grid_line(x, label, anchor,    bottom) {
    bottom = models * 38 + 4
    print "<line class=\"grid\" x1=\"" x "\" y1=\"0\" x2=\"" x "\" y2=\"" bottom "\"/>" \
        "<text class=\"tick\" x=\"" x "\" y=\"" bottom + 13 "\" text-anchor=\"" anchor "\">" label "</text>"
}

# 1, 2 or 5 times a power of ten, so that 2 to 5 of them reach `most`.
function nice_step(most,    step) {
    step = power_of_ten(most)
    if (most / step < 2)
        return step / 2
    return most / step < 5 ? step : 2 * step
}

# The greatest power of ten that is not above x.
function power_of_ten(x,    p) {
    p = 1
    while (p * 10 <= x * 1.0000001)
        p *= 10
    while (p > x * 1.0000001)
        p /= 10
    return p
}

function tick_label(x) {
    return x >= 1000 ? commas(x) : sprintf("%g", x)
}

function bar_chart(g, measure, title, story,    i, key, most, description, x, step, y, several, w) {
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        if (!has(key, measure))
            continue
        most = highest(key, measure) > most ? highest(key, measure) : most
        several = several || count[key, measure] > 1
        description = description (description == "" ? "" : ", ") html(model_name[i]) " " \
            show(measure, median(key, measure))
    }
    if (most <= 0)
        return
    chart_begin(g, title, story (several ? "; the line spans the lowest and the highest round" : ""), \
                "A bar for each model: " description ".")
    step = nice_step(most)
    for (x = 0; x <= most * 1.0000001; x += step)
        grid_line(sprintf("%.1f", 0.5 + x / most * 399), tick_label(x), x == 0 ? "start" : x > most * 0.94 ? "end" : "middle")
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        y = (i - 1) * 38
        name_and_figure(y, model_name[i], has(key, measure) ? show(measure, median(key, measure)) : "not measured")
        if (!has(key, measure))
            continue
        w = median(key, measure) / most * 399
        printf "<rect class=\"bar\" x=\"0.5\" y=\"%d\" width=\"%.1f\" height=\"11\"/>\n", y + 18, w
        if (count[key, measure] > 1)
            printf "<path class=\"reach\" fill=\"none\" d=\"M%.1f %.1fv6m0 -3H%.1fm0 -3v6\"/>\n", \
                0.5 + lowest(key, measure) / most * 399, y + 20.5, 0.5 + highest(key, measure) / most * 399
    }
    chart_end()
}

# Median and 99th percentile as two marks on a logarithmic scale (bars would need a zero).
function latency_chart(g,    i, key, least, most, low, high, x, y, a, b, description, p, k, steps) {
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        if (!has(key, "p50") || median(key, "p50") <= 0)
            continue
        least = least == "" || median(key, "p50") < least ? median(key, "p50") : least
        most = median(key, "p99") > most ? median(key, "p99") : most
        description = description (description == "" ? "" : ", ") html(model_name[i]) " " \
            short(median(key, "p50")) " and " short(median(key, "p99"))
    }
    if (least == "")
        return
    low = power_of_ten(least)
    high = power_of_ten(most)
    high = high < most ? high * 10 : high
    high = high <= low ? low * 10 : high
    chart_begin(g, "Time a request takes, ms", "filled: the median (p50); ring: the 99th percentile (p99); less is" \
                " better; logarithmic: each line is ten times the one before", \
                "Two marks for each model, median and 99th percentile in milliseconds: " description ".")
    for (p = low; p <= high * 1.0000001; p *= 10)
        grid_line(sprintf("%.1f", position(p, low, high)), tick_label(p), \
                  p == low ? "start" : p > high * 0.99 ? "end" : "middle")
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        y = (i - 1) * 38
        if (!has(key, "p50") || median(key, "p50") <= 0) {
            name_and_figure(y, model_name[i], "not measured")
            continue
        }
        name_and_figure(y, model_name[i], short(median(key, "p50")) " – " short(median(key, "p99")))
        a = position(median(key, "p50"), low, high)
        b = position(median(key, "p99"), low, high)
        printf "<line class=\"tail\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", a, y + 24, b, y + 24
        printf "<circle class=\"ring\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/>", b, y + 24
        printf "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>\n", a, y + 24
    }
    chart_end()
}

function position(x, low, high) {
    return 6 + log(x / low) / log(high / low) * 388
}

# ---- the rest ----

function beside_published(    g, k, n, list, i, key) {
    for (g = 1; g <= groups; g++)
        if (group_load[g] == "visits" && group_clients[g] in published_column)
            list[++n] = g
    if (n == 0)
        return
    print "<section>"
    print "<h2>Beside the published table</h2>"
    print "<p>Milliseconds for so many clients at once with requests of 100 bytes, as published for the same models" \
        " in C++ on a machine with 2 cores and 2 GB (“–”: failed there), beside ours on " html(machine_in_short()) ". " \
        published_caveat() "</p>"
    print "<div class=\"scroll\" role=\"region\" aria-label=\"Published figures beside ours\" tabindex=\"0\">"
    print "<table class=\"published\">"
    print "<caption><span>Time in ms for so many clients; less is better</span></caption>"
    print "<thead><tr><th scope=\"col\">model</th>"
    for (k = 1; k <= n; k++)
        print "<th scope=\"col\">" commas(group_clients[list[k]]) "<small>ours</small></th>" \
            "<th scope=\"col\">" commas(group_clients[list[k]]) "<small>theirs</small></th>"
    print "</tr></thead>\n<tbody>"
    for (i = 1; i <= models; i++) {
        print "<tr><th scope=\"row\">" html(model_name[i]) "</th>"
        for (k = 1; k <= n; k++) {
            key = key_of(list[k], model_name[i])
            print "<td>" dash(one_turn_ms(key, group_clients[list[k]])) "</td><td>" \
                dash(published_figure(model_name[i], group_clients[list[k]])) "</td>"
        }
        print "</tr>"
    }
    print "</tbody>\n</table>\n</div>\n</section>"
}

function dash(s) {
    return s == "-" ? "–" : s == "." ? "" : s
}

function fact(name, value) {
    if (value != "")
        print "<dt>" name "</dt><dd>" html(value) "</dd>"
}

function how_measured() {
    print "<section>"
    print "<h2>How it was measured</h2>"
    print "<dl>"
    fact("Machine", meta["cpus"] plural(meta["cpus"], " CPU, ", " CPUs, ") meta["cpu_model"] ", " meta["memory"])
    fact("System", meta["kernel"])
    fact("Compiler", meta["compiler"])
    fact("CPUs", meta["pinning"])
    fact("Network", "loopback: server and client on the same machine")
    fact("Rounds", meta["rounds"] " of " meta["seconds"] " s a model, in turn: each model once, then each again")
    fact("CPU time", "user and system, of all processes and threads of the server and of its ended children, from the first connection to the last")
    fact("Memory", "proportional set size of all processes, while the clients are there: a page shared by several counts in parts")
    fact("Date", meta["date"])
    print "</dl>"
    print "<p>To repeat it:</p>"
    print "<pre>" html(meta["repeat"]) "</pre>"
    print "</section>"
}

# The values were sorted for the medians, so the rounds come from the file once more.
function every_round(    line, n, part, i, in_body) {
    print "<details>"
    print "<summary>Every round</summary>"
    print "<div class=\"scroll\" role=\"region\" aria-label=\"Every round\" tabindex=\"0\">"
    print "<table class=\"rounds\">"
    print "<caption><span>What the load generator and the kernel said, as it stands in results.tsv</span></caption>"
    while ((getline line < FILENAME) > 0) {
        if (line ~ /^#/)
            continue
        n = split(line, part, "\t")
        if (part[1] == "load")
            printf "<thead><tr>"
        else
            printf (in_body++ ? "" : "<tbody>\n") "<tr>"
        for (i = 1; i <= n; i++)
            printf "%s", part[1] == "load" ? "<th scope=\"col\">" html(part[i]) "</th>" : "<td>" html(part[i]) "</td>"
        print part[1] == "load" ? "</tr></thead>" : "</tr>"
    }
    close(FILENAME)
    print (in_body ? "</tbody>" : "<tbody><tr><td>nothing</td></tr></tbody>")
    print "</table>\n</div>\n</details>"
}
