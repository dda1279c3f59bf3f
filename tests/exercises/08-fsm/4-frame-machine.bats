load ../../lib/exercises

@test "the header is as it was given" {
    hint "the tester has been compiled with the one in the exercise"
    cmp -s "$SUBMISSION/frame-machine.h" "$EXERCISE/frame-machine.h" ||
        same "frame-machine.h" "as in the exercise" "changed"
}

@test "a frame in one piece begins, has data, and ends" {
    hint "one event a call; the caller comes back with what is not used"
    drive one
}

# points: 2
@test "wherever they are cut, the frames are the same" {
    hint "which of your variables has to outlive the call? Only those in the struct do"
    drive cut
}

# points: 1
@test "a frame without data begins and ends, without another byte" {
    hint "after the last byte there is one more event, and no byte for it"
    drive empty
}

# points: 2
@test "a length of one, two or three bytes is read right" {
    hint "300 is ac 02: 0x2c + (0x02 << 7)"
    drive lengths
}

# points: 1
@test "data is told as it comes, where it lies" {
    hint "no byte has to wait for the others, and none has to be copied"
    drive where
}

# points: 1
@test "what follows a frame is the next frame" {
    hint "*used: up to the event, and not a byte further"
    drive next
}

# points: 2
@test "a length that cannot be is an error, at the byte that makes it one" {
    hint "three mistakes: a fourth byte, a needless last byte of 00, more than most"
    drive errors
}

# points: 1
@test "after an error it says nothing else" {
    hint "an error is a state, too"
    drive after
}

# points: 1
@test "it knows whether it is inside a frame" {
    hint "a frame is over when its end has been told, and not before"
    drive inside
}

# points: 1
@test "two machines do not disturb each other" {
    hint "all that is remembered of a connection is in its struct"
    drive two
}
