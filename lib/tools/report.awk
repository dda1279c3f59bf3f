# report.awk - what the reports of a comparison have in common: reading the results, medians,
# words and numbers. Runs in mawk, byte by byte (LC_ALL=C); text is UTF-8.
#
# The results file: lines `#key TAB value` tell what was planned and on which machine; then a
# line of column names; then a line for each run of one model, in the order of the columns.
# A group is one load with one number of clients; of each model in it there are several rounds.

BEGIN { FS = "\t" }

/^#/ { meta[substr($1, 2)] = $2; next }

$1 == "load" { for (i = 1; i <= NF; i++) column[$i] = i; next }

NF > 1 { read_run($column["load"], $column["clients"], $column["model"]) }

# ---- reading ----

function cell(name) {
    return $column[name]
}

function read_run(load, clients, model,    key, requests, seconds) {
    add_group(load, clients)
    add_model(model)
    key = load SUBSEP clients SUBSEP model
    runs[key]++
    requests = cell("requests")
    seconds = cell("seconds")
    keep(key, "answered", cell("answered"))
    keep(key, "rate", cell("rate"))
    total[key, "failures"] += cell("failures")
    total[key, "requests"] += requests
    if (requests > 0) {
        keep(key, "p50", cell("p50_us") / 1000)
        keep(key, "p99", cell("p99_us") / 1000)
        keep(key, "cpu", cell("cpu_us") / requests)
    }
    if (cell("pss_kb") > 0)
        keep(key, "pss", cell("pss_kb") / 1024)
    keep(key, "processes", cell("processes"))
    keep(key, "threads", cell("threads"))
    if (seconds > 0) {
        keep(key, "client_busy", cell("client_cpu_us") / seconds / 10000)
        keep(key, "server_busy", cell("cpu_us") / seconds / 10000)
    }
    if (cell("why") != "-" && cell("why") != "")
        why[key] = cell("why")
}

function keep(key, measure, value) {
    value_of[key, measure, ++count[key, measure]] = value + 0
}

function add_group(load, clients) {
    if (!((load, clients) in group_number)) {
        group_number[load, clients] = ++groups
        group_load[groups] = load
        group_clients[groups] = clients
    }
}

function add_model(model) {
    if (!(model in model_number)) {
        model_number[model] = ++models
        model_name[models] = model
    }
}

# What was planned comes first, measured or not; what else the file holds after it.
function plan(    n, m, i, j, loads, clients, names) {
    if (groups == 0 || meta["loads"] != "") {
        n = split(meta["loads"], loads, " ")
        m = split(meta["clients"], clients, " ")
        reorder_groups(n, m, loads, clients)
    }
    n = split(meta["models"], names, " ")
    if (n > 0) {
        for (i = 1; i <= models; i++)
            if (index(" " meta["models"] " ", " " model_name[i] " ") == 0)
                names[++n] = model_name[i]
        for (i = 1; i <= n; i++)
            model_name[i] = names[i]
        models = n
    }
}

function reorder_groups(n, m, loads, clients,    i, j, k, old, old_load, old_clients) {
    old = groups
    for (k = 1; k <= old; k++) {
        old_load[k] = group_load[k]
        old_clients[k] = group_clients[k]
    }
    groups = 0
    for (k in group_number)
        delete group_number[k]
    for (i = 1; i <= n; i++)
        for (j = 1; j <= m; j++)
            add_group(loads[i], clients[j])
    for (k = 1; k <= old; k++)
        add_group(old_load[k], old_clients[k])
}

# ---- medians ----

function key_of(g, model) {
    return group_load[g] SUBSEP group_clients[g] SUBSEP model
}

function has(key, measure) {
    return count[key, measure] > 0
}

# Sorts the values of the rounds once, by insertion: there are few.
function sort_rounds(key, measure,    n, i, j, x) {
    n = count[key, measure]
    if (sorted[key, measure] == n)
        return n
    for (i = 2; i <= n; i++) {
        x = value_of[key, measure, i]
        for (j = i - 1; j >= 1 && value_of[key, measure, j] > x; j--)
            value_of[key, measure, j + 1] = value_of[key, measure, j]
        value_of[key, measure, j + 1] = x
    }
    sorted[key, measure] = n
    return n
}

function median(key, measure,    n) {
    n = sort_rounds(key, measure)
    if (n == 0)
        return 0
    return (value_of[key, measure, int((n + 1) / 2)] + value_of[key, measure, int(n / 2) + 1]) / 2
}

function lowest(key, measure) {
    return sort_rounds(key, measure) ? value_of[key, measure, 1] : 0
}

function highest(key, measure,    n) {
    n = sort_rounds(key, measure)
    return n ? value_of[key, measure, n] : 0
}

# Every measured model of group g answered somebody, and no request of it failed.
function is_clean(key) {
    return runs[key] > 0 && total[key, "failures"] == 0 && total[key, "requests"] > 0
}

# ---- words and numbers ----

function number_word(n,    words) {
    split("One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve", words, " ")
    return (n in words) ? words[n] : n
}

function plural(n, one, many) {
    return n == 1 ? one : many
}

# 1234567 -> 1,234,567
function commas(x,    s, t) {
    s = sprintf("%.0f", x)
    while (length(s) > 3) {
        t = "," substr(s, length(s) - 2) t
        s = substr(s, 1, length(s) - 3)
    }
    return s t
}

# Three significant digits: 0.043 0.43 4.32 43.2 432 4,321
function short(x) {
    if (x >= 99.95)
        return commas(x)
    return sprintf(x >= 9.995 ? "%.1f" : x >= 0.0995 || x == 0 ? "%.2f" : "%.3f", x)
}

# A ratio for a sentence: 1.04, 2.3, 12
function ratio(x) {
    return sprintf(x >= 9.95 ? "%.0f" : x >= 1.195 ? "%.1f" : "%.2f", x)
}

# The characters on the screen, not the bytes of UTF-8.
function width(s,    t) {
    t = s
    gsub(/[\200-\277]/, "", t)
    return length(t)
}

function spaces(n) {
    return n > 0 ? sprintf("%" n "s", "") : ""
}

function left(s, n) {
    return s spaces(n - width(s))
}

function right(s, n) {
    return spaces(n - width(s)) s
}

function load_title(load) {
    return load == "visits" ? "Visits" : load == "stays" ? "Stays" : load
}

function clients_text(n) {
    return commas(n) plural(n, " client", " clients")
}

function load_story(load, clients) {
    if (load == "visits")
        return clients_text(clients) plural(clients, \
            " connects, sends 100 bytes, reads them back, closes, repeats", \
            " connect, send 100 bytes, read them back, close, repeat")
    return clients_text(clients) plural(clients, " stays", " stay") \
        " connected; 100 bytes there and back, again and again"
}

# The models (their number) whose client had no CPU time left, in group g; their names in list.
function client_bound(g, list,    i, n, key) {
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        if (has(key, "client_busy") && median(key, "client_busy") >= 90)
            list[++n] = model_name[i]
    }
    return n + 0
}

function measured_models(g,    i, n) {
    for (i = 1; i <= models; i++)
        n += runs[key_of(g, model_name[i])] > 0
    return n + 0
}

# ---- the published table ----

# -v published_file=… names it; read once, before the results.
BEGIN {
    while (published_file != "" && (getline line < published_file) > 0) {
        if (line ~ /^#/)
            continue
        n = split(line, part, "\t")
        if (part[1] == "model")
            for (i = 2; i <= n; i++)
                published_column[published_clients[i] = part[i]] = i
        else
            for (i = 2; i <= n; i++)
                published_ms[part[1], published_clients[i]] = part[i]
    }
}

function published_figure(model, clients) {
    if (!((model, clients) in published_ms))
        return "."
    return published_ms[model, clients] == "-" ? "-" : commas(published_ms[model, clients])
}

# Our counterpart: how long so many visits take at the rate measured, in ms.
function one_turn_ms(key, clients) {
    if (runs[key] == 0)
        return "."
    return is_clean(key) && median(key, "rate") > 0 ? short(clients / median(key, "rate") * 1000) : "-"
}

function published_caveat() {
    return "Ours is the time for one visit of each client, at the rate measured. How often theirs came we " \
        "do not know: compare the order of the models and how a row grows, not the milliseconds."
}

function machine_in_short() {
    return meta["cpus"] plural(meta["cpus"], " CPU", " CPUs") " (" meta["cpu_model"] "), " meta["memory"]
}
