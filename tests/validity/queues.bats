# Downloads at a rate against the queues that theory knows; what these come to over many downloads is for `queues` alone.

load ../support/common

@test "at a rate every mode is the queue that theory knows: downloads are begun when they are due and a worker is free" {
    "$PROJECT_ROOT/tests/validity/queues" quick
}
