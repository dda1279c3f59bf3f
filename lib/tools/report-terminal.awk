# report-terminal.awk - the screens of a comparison for a terminal of 80 columns
#
# what=tables     the table of every group, and what was the bottleneck
# what=bars       the same as bars
# what=notice     what to notice: three lines
# what=published  the table that the comparison repeats, beside our figures
# utf8=1 draws with blocks, else with #; colour=1 may use escape sequences for bold and colour
# (they never carry meaning); running="visits 100 epoll" marks the model under load.

END {
    plan()
    micro = utf8 ? "µs" : "us"
    if (what == "tables")
        tables()
    else if (what == "bars")
        bars()
    else if (what == "notice")
        notices_on_screen()
    else if (what == "published")
        published()
}

function bold(s) {
    return colour ? "\033[1m" s "\033[0m" : s
}

function dim(s) {
    return colour ? "\033[2m" s "\033[0m" : s
}

function blue(s) {
    return colour ? "\033[36m" s "\033[0m" : s
}

# ---- tables ----

function tables(    g) {
    print meta["rounds"] plural(meta["rounds"], " round", " rounds") " of " meta["seconds"] \
        " s: medians, all failures. CPU a request, PSS: of all processes."
    for (g = 1; g <= groups; g++) {
        if (g > 1)
            print ""
        table(g)
    }
    print ""
    bottleneck()
}

function row(name, answered, rate, p50, p99, cpu, pss, failures) {
    return left(name, 22) right(answered, 9) right(rate, 11) right(p50, 7) right(p99, 7) \
        right(cpu, 7) right(pss, 8) right(failures, 9)
}

function table(g,    i) {
    print bold(toupper(load_title(group_load[g])) ":") " " load_story(group_load[g], group_clients[g])
    print bold(row("model", "answered", "requests/s", "p50 ms", "p99 ms", "CPU " micro, "PSS MiB", "failures"))
    print dim(row("  what is better:", "more", "more", "less", "less", "less", "less", "less"))
    for (i = 1; i <= models; i++)
        table_row(g, model_name[i])
}

# "100" is everybody; else "1 of 100", if there is room for it.
function answered(g, key,    n, text) {
    n = median(key, "answered")
    text = commas(n) " of " commas(group_clients[g])
    return n == group_clients[g] || length(text) > 8 ? commas(n) : text
}

function figure(key, measure) {
    return has(key, measure) ? short(median(key, measure)) : "-"
}

function table_row(g, model,    key, line, lines, n, i) {
    key = key_of(g, model)
    if (runs[key] == 0)
        line = row(model, ".", ".", ".", ".", ".", ".", ".")
    else
        line = row(model, answered(g, key), commas(median(key, "rate")), figure(key, "p50"), \
                   figure(key, "p99"), figure(key, "cpu"), figure(key, "pss"), commas(total[key, "failures"]))
    print running == group_load[g] " " group_clients[g] " " model ? blue(line) : line
    if (!(key in why))
        return
    n = wrap(why[key], 74, lines)
    for (i = 1; i <= n; i++)
        print "   " (i == 1 ? "^ " : "  ") lines[i]
}

# One line: where the two run, and for how many models the client was the limit.
function bottleneck(    g, n, list, text) {
    for (g = 1; g <= groups; g++) {
        n = client_bound(g, list)
        if (n)
            text = text (text == "" ? "" : ", ") group_load[g] (many_clients() ? " " group_clients[g] : "") \
                ": " (n == 1 ? list[1] : n " of " measured_models(g))
    }
    print_wrapped(meta["pinning"] (text == "" ? "" : " The client's was full, the bottleneck: " text "."))
}

function many_clients() {
    return split(meta["clients"], _parts, " ") > 1
}

function print_wrapped(text,    lines, n, i) {
    n = wrap(text, 79, lines)
    for (i = 1; i <= n; i++)
        print lines[i]
}

# ---- bars ----

function bars(    g) {
    for (g = 1; g <= groups; g++) {
        if (group_load[g] == "stays")
            bar_pair(g, "rate", "requests/s (more is better)", "pss", "PSS MiB (less is better)")
        else
            bar_pair(g, "rate", "requests/s (more is better)", "cpu", "CPU " micro " (less is better)")
    }
}

function bar_pair(g, measure, title, measure2, title2,    i, key, most, most2) {
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        most = median(key, measure) > most ? median(key, measure) : most
        most2 = median(key, measure2) > most2 ? median(key, measure2) : most2
    }
    print bold(left(load_title(group_load[g]) ", " clients_text(group_clients[g]), 23) left(title, 28) title2)
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        print left(model_name[i], 23) bar_and_figure(key, measure, most) "  " bar_and_figure(key, measure2, most2)
    }
}

# 26 characters: a bar of up to 16, and the figure.
function bar_and_figure(key, measure, most) {
    return blue(left(bar(median(key, measure), most, 16), 16)) " " \
        right(!has(key, measure) ? "-" : measure == "rate" ? commas(median(key, measure)) \
                                                           : short(median(key, measure)), 9)
}

# From zero; in eighths of a character where blocks can be drawn. What is not zero shows.
function bar(value, most, cells,    eighths, s, parts) {
    if (most <= 0 || value <= 0)
        return ""
    split("▏ ▎ ▍ ▌ ▋ ▊ ▉", parts, " ")
    eighths = int(value / most * cells * 8 + 0.5)
    if (!utf8)
        eighths = 8 * int((eighths + 4) / 8)
    if (eighths == 0)
        eighths = utf8 ? 1 : 8
    for (; eighths >= 8; eighths -= 8)
        s = s (utf8 ? "█" : "#")
    return s (eighths ? parts[eighths] : "")
}

# ---- what to notice ----

function notices_on_screen(    i, j, n, lines) {
    find_notices()
    print bold("What to notice")
    for (i = 1; i <= notices && i <= 3; i++) {
        n = wrap(notice[i], 65, lines)
        for (j = 1; j <= n; j++)
            print left(j == 1 ? notice_chapter[i] : "", 14) lines[j]
    }
}

# ---- the table that is repeated ----

function published(    g, n, i, k, key, model, heading, heading2, line, show, shown) {
    for (g = 1; g <= groups; g++)
        if (group_load[g] == "visits" && group_clients[g] in published_column)
            show[++n] = g
    if (n == 0)
        return
    print bold("Beside the published table: ms for so many clients at once")
    heading = left("", 22)
    heading2 = left("model", 22)
    for (k = 1; k <= n; k++) {
        heading = heading right(clients_text(group_clients[show[k]]), 19)
        heading2 = heading2 right("ours", 9) right("theirs", 10)
    }
    print bold(heading)
    print bold(heading2)
    for (i = 1; i <= models; i++) {
        model = model_name[i]
        line = left(model, 22)
        for (k = 1; k <= n; k++) {
            key = key_of(show[k], model)
            line = line right(one_turn_ms(key, group_clients[show[k]]), 9) \
                right(published_figure(model, group_clients[show[k]]), 10)
        }
        print line
    }
    print_wrapped("Ours: " machine_in_short() ". Theirs: 2 cores, 2 GB; - failed there.")
    print_wrapped(published_caveat())
}
