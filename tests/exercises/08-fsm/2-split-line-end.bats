load ../../lib/exercises

@test "a line in one piece is found, and what follows is left" {
    hint "*used: up to and with the LF; what follows belongs to the next call"
    drive one-piece
}

@test "a line that comes in pieces is put together" {
    hint "r->line and r->len are what has come of the line; the piece itself is gone"
    drive pieces
}

# points: 3
@test "an end that is cut between CR and LF ends the line" {
    hint "when a piece ends with CR, what has to be remembered, and where?"
    drive cut
}

# points: 2
@test "wherever they are cut, the lines are the same" {
    hint "an empty line is CR LF as well; byte by byte, each call is given one byte"
    drive anywhere
}

# points: 2
@test "a CR alone and an LF alone are wrong, wherever the pieces end" {
    hint "in each state, what may the next byte be?"
    drive alone
}

# points: 1
@test "an empty piece between CR and LF changes nothing" {
    hint "with len 0 there is no bytes[0], and no bytes[len - 1]"
    drive empty
}

# points: 1
@test "a line of 100 bytes is whole, and one of 101 is wrong" {
    hint "the line end does not count; and a line may come that has none"
    drive long
}

# points: 1
@test "two connections that are read in turn do not mix" {
    hint "what is remembered of a connection belongs into its struct"
    drive two
}
