# builds: chapters/01-blocking/one-at-a-time.c
load ../../lib/exercises
load 1-how-long-b-waits

@test "each key has an answer, and there is a why" {
    all_filled b_connected_ms b_answer_ms c_answer_ms server_cpu_ms
    as_given a_stays_ms b_stays_ms
}

# points: 1
@test "when connect() returns for B" {
    hint "who answers a connect(): the server's program, or its kernel?"
    holds b_connected_ms
}

# points: 1
@test "when B is answered" {
    hint "where does the server sleep while A is silent?"
    holds b_answer_ms
}

# points: 1
@test "when C is answered" {
    hint "in which order does accept() return the three?"
    holds c_answer_ms
}

# points: 1
@test "how much CPU the server uses meanwhile" {
    hint "what does a blocking read() do while there is nothing to read?"
    holds server_cpu_ms
}
