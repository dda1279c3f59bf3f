# report-notice.awk - "what to notice": sentences that the figures themselves choose and fill in
#
# find_notices() tries one observation after another, the telling ones first, and keeps those
# whose condition holds: notice[1], notice[2] … with the chapter of each in notice_chapter[].

function note(chapter, text) {
    notice[++notices] = text
    notice_chapter[notices] = chapter
}

# The measured group with this load and the most clients, 0 if there is none.
function group_with(load,    g, found) {
    for (g = 1; g <= groups; g++)
        if (group_load[g] == load && measured_models(g) > 0 &&
            (!found || group_clients[g] + 0 > group_clients[found]))
            found = g
    return found + 0
}

# The model with the greatest (sign 1) or least (-1) median among those in group g that answered
# most clients, and without a failure; "" if there is none.
function extreme(g, measure, sign,    i, key, best, which) {
    which = ""
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        if (answered_most(g, key) && has(key, measure) &&
            (which == "" || sign * median(key, measure) > sign * best)) {
            which = model_name[i]
            best = median(key, measure)
        }
    }
    return which
}

function answered_most(g, key) {
    return is_clean(key) && median(key, "answered") > group_clients[g] / 2
}

function find_notices(    g, visits, stays, first) {
    visits = group_with("visits")
    stays = group_with("stays")
    first = visits ? visits : stays
    for (g = 1; g <= groups && !notices; g++)
        notice_failures(g)
    for (g = 1; g <= groups; g++)
        if (group_load[g] == "stays" && notice_waiting(g))
            break
    if (!first)
        return
    notice_cpu(first)
    notice_scan(stays ? stays : visits)
    if (stays)
        notice_memory(stays)
    if (visits && stays)
        notice_connecting(visits, stays)
    notice_tail(first)
    notice_client(first)
    notice_rounds(first)
    notice_little(first)
    notice_busy(first)
}

# A model that failed some clients, and why.
function notice_failures(g,    i, key, name) {
    for (i = 1; i <= models; i++) {
        name = model_name[i]
        key = key_of(g, name)
        if (runs[key] == 0 || (total[key, "failures"] == 0 && !(key in why)))
            continue
        note(why[key] ~ /FD_SETSIZE/ ? "02-io-models" : "10-webbench",
             name " answered " commas(median(key, "answered")) " of " \
             clients_text(group_clients[g]) ((key in why) ? ": " why[key] : "") ".")
        return
    }
}

# A model that makes everybody wait behind one, though nothing fails.
function notice_waiting(g,    i, key, answered, clients, name) {
    for (i = 1; i <= models; i++) {
        name = model_name[i]
        key = key_of(g, name)
        answered = median(key, "answered")
        clients = group_clients[g]
        if (is_clean(key) && answered > 0 && answered <= clients / 2) {
            note("01-blocking", name " answers " commas(answered) " of " commas(clients) " that stay; " \
                 (answered == 1 ? "the others wait until it leaves." : "the others wait, all the time."))
            return 1
        }
    }
    return 0
}

# The dearest model against the cheapest.
function notice_cpu(g,    dear, cheap, most, least, unit) {
    dear = extreme(g, "cpu", 1)
    cheap = extreme(g, "cpu", -1)
    if (dear == "" || dear == cheap)
        return
    most = median(key_of(g, dear), "cpu")
    least = median(key_of(g, cheap), "cpu")
    if (least <= 0 || most < 1.2 * least)
        return
    unit = group_load[g] == "visits" ? "visit" : "request"
    note("11-models", "A " unit " costs " dear " " short(most) " " micro " of CPU: " \
         ratio(most / least) " times " cheap "'s " short(least) ".")
}

# Does it matter how one asks which of many is ready?
function notice_scan(g,    i, n, names, key, least, most, slow, fast, clients, compared) {
    n = split("select poll epoll", names, " ")
    for (i = 1; i <= n; i++) {
        key = key_of(g, names[i])
        if (!is_clean(key))
            continue
        compared = compared (compared == "" ? "" : ", ") names[i]
        if (slow == "" || median(key, "cpu") > most) {
            slow = names[i]
            most = median(key, "cpu")
        }
        if (fast == "" || median(key, "cpu") < least) {
            fast = names[i]
            least = median(key, "cpu")
        }
    }
    if (slow == fast || least <= 0)
        return
    clients = commas(group_clients[g])
    if (most < 1.2 * least)
        note("02-io-models", "With " clients plural(group_clients[g], " connection ", " connections ") \
             compared " differ by a factor of " ratio(most / least) " in CPU: no great matter yet.")
    else
        note("02-io-models", "With " clients plural(group_clients[g], " connection ", " connections ") \
             slow " costs " ratio(most / least) " times the CPU of " fast " a request.")
}

function notice_memory(g,    most, least, a, b, clients) {
    most = extreme(g, "pss", 1)
    least = extreme(g, "pss", -1)
    if (most == "" || most == least)
        return
    a = median(key_of(g, most), "pss")
    b = median(key_of(g, least), "pss")
    clients = group_clients[g]
    if (b <= 0 || a < 2 * b)
        return
    note("11-models", commas(clients) " that stay take " short(a) " MiB of " most ", " short(b) " of " \
         least ": " short((a - b) * 1024 / clients) " KiB more each.")
}

# The same model, with and without connecting for every request.
function notice_connecting(v, s,    i, key, best, name, dear, cheap) {
    for (i = 1; i <= models; i++) {
        key = key_of(s, model_name[i])
        if (answered_most(s, key) && is_clean(key_of(v, model_name[i])) &&
            (name == "" || median(key, "cpu") < best)) {
            name = model_name[i]
            best = median(key, "cpu")
        }
    }
    if (name == "" || best <= 0)
        return
    dear = median(key_of(v, name), "cpu")
    if (dear < 1.2 * best)
        return
    note("00-sockets", "Connecting and closing is the work: a visit costs " name " " short(dear) " " micro \
         ", a request " short(best) ".")
}

function notice_tail(g,    i, key, x, worst, name) {
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        if (!answered_most(g, key) || median(key, "p50") <= 0)
            continue
        x = median(key, "p99") / median(key, "p50")
        if (name == "" || x > worst) {
            name = model_name[i]
            worst = x
        }
    }
    if (name == "" || worst < 3)
        return
    key = key_of(g, name)
    note("10-webbench", "1 in 100 of " name " waits " ratio(worst) " times the median: " \
         short(median(key, "p99")) " ms, not " short(median(key, "p50")) ".")
}

function notice_client(g,    n, list) {
    n = client_bound(g, list)
    if (n == 0)
        return
    note("10-webbench", "The client was the limit of " \
         (n == 1 ? list[1] : n == measured_models(g) ? plural(n, "the one model", "all " n) : n " models") \
         ": its CPU was full. Compare CPU " micro ".")
}

# By how much do the rounds of one model differ? Smaller differences between models are noise.
function notice_rounds(g,    key, i, spread, wide, x) {
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        if (!is_clean(key) || count[key, "rate"] < 2)
            continue
        x = (highest(key, "rate") - lowest(key, "rate")) / median(key, "rate")
        if (wide == "" || x > spread) {
            wide = model_name[i]
            spread = x
        }
    }
    if (wide != "")
        note("10-webbench", "The rounds of " wide " differ by " sprintf("%.0f", spread * 100) \
             " %: smaller differences between models mean nothing.")
}

# Little's law, from the figures: clients / rate = the mean time of a request.
function notice_little(g,    i, key, name) {
    for (i = 1; i <= models && name == ""; i++)
        if (is_clean(key_of(g, model_name[i])))
            name = model_name[i]
    if (name == "")
        return
    key = key_of(g, name)
    note("10-webbench", name ": " commas(median(key, "answered")) " at a time / " commas(median(key, "rate")) \
         " a second = " short(median(key, "answered") / median(key, "rate") * 1000) " ms each; half took " \
         short(median(key, "p50")) " or less.")
}

function notice_busy(g,    i, key, name, least) {
    for (i = 1; i <= models; i++) {
        key = key_of(g, model_name[i])
        if (is_clean(key) && (name == "" || median(key, "server_busy") < least)) {
            name = model_name[i]
            least = median(key, "server_busy")
        }
    }
    if (name == "")
        return
    note("11-models", name " kept its CPU busy " sprintf("%.0f", least) " % of the time, its client " \
         sprintf("%.0f", median(key_of(g, name), "client_busy")) " %.")
}

# Breaks text into lines of at most n characters: wrapped[1], wrapped[2] …; returns how many.
function wrap(text, n, wrapped,    words, count_, i, lines) {
    count_ = split(text, words, " ")
    lines = 1
    wrapped[1] = words[1]
    for (i = 2; i <= count_; i++)
        if (width(wrapped[lines]) + 1 + width(words[i]) <= n)
            wrapped[lines] = wrapped[lines] " " words[i]
        else
            wrapped[++lines] = words[i]
    return lines
}
