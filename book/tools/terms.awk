# terms.awk - holds the terms of all texts against book/terms.tsv; used with text.awk by terms
#
# Prints the problems, and for every text a line "= FILE TERMS" with the number it defines.

BEGIN {
    FS = "\t"
    if ((getline <table) <= 0 || $0 != "term\t中文\tchapter")
        print table ":1: the first line must be: term, 中文, chapter (with tabs between)"
    for (row = 2; (getline <table) > 0; row++) {
        if (NF != 3 || $1 == "" || $2 == "" || $3 !~ /^([0-9][0-9]|how to read)$/)
            print table ":" row ": a row is TERM, 中文 and its chapter's number (or: how to read)"
        else if ($1 in chapter_of)
            print table ":" row ": \"" $1 "\" stands here twice"
        else {
            chapter_of[$1] = $3
            row_of[$1] = row
            folded[tolower($1)] = $1
        }
    }
    FS = " "
}

function part(kind, text, line) {
    if (file != last_file) {
        last_file = file
        chapter = file
        sub(/^.*\//, "", chapter)
        chapter = chapter == "README.md" ? "how to read" : substr(chapter, 1, 2)
        file_of[chapter] = file
        defined[file] = 0
    }
    if (kind == "fence" || kind == "comment")
        return
    definitions(text, without_code(text), line)
    if (chapter != "how to read")
        uses_too_early(text, without_code(text), line)
}

function definitions(text, bare, line,    at, len, term, name, where) {
    for (at = 1; match(substr(bare, at), /\*\*[^*]+\*\*/) > 0; at += len) {
        at += RSTART - 1
        len = RLENGTH
        term = substr(text, at + 2, len - 4)
        gsub(/[ \n]+/, " ", term)
        gsub(/`/, "", term)
        name = folded[tolower(term)]
        where = line_of(text, at, line)
        if (name == "")
            problem(where, "\"" term "\" is bold but no term of " table)
        else if (chapter_of[name] != chapter)
            problem(where, \
                    "\"" term "\" is defined here, but " table " says " place(chapter_of[name]))
        else if (name in place_of)
            problem(where, \
                    "\"" term "\" has been defined before, at " place_of[name])
        else {
            place_of[name] = file ":" where
            defined[file]++
        }
    }
}

function place(name) {
    return name ~ /^[0-9]/ ? "chapter " name : name
}

function uses_too_early(text, bare, line,    term, at) {
    bare = " " tolower(bare) " "
    gsub(/\n/, " ", bare)
    for (term in chapter_of)
        if (chapter_of[term] ~ /^[0-9]/ && chapter_of[term] > chapter && \
            (at = word(bare, tolower(term))) > 0 && \
            text !~ ("(" chapter_of[term] "-[a-z]|[Cc]hapter[ \n]" chapter_of[term] ")"))
            problem(line_of(text, at, line), \
                    "\"" term "\" is used before chapter " chapter_of[term] " defines it;" \
                    " name that chapter in the same paragraph, or use another word")
}

# Where `term` stands as a word, also in the plural; 0 if nowhere.
function word(text, term,    at, offset, behind) {
    for (offset = 0; (at = index(substr(text, offset + 1), term)) > 0;) {
        offset += at
        behind = substr(text, offset + length(term), 3)
        sub(/^e?s/, "", behind)
        if (substr(text, offset - 1, 1) !~ /[a-z0-9-]/ && behind !~ /^[a-z0-9-]/)
            return offset - 1
    }
    return 0
}

END {
    for (term in chapter_of)
        if (!(chapter_of[term] in file_of))
            print table ":" row_of[term] ": there is no text of " place(chapter_of[term])
        else if (!(term in place_of))
            print file_of[chapter_of[term]] ":1: the term \"" term "\" of " table " is defined nowhere"
    for (f in defined)
        print "= " f " " defined[f]
}
