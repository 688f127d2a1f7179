package main

// killed is how a process that was killed reads.
const killed = "exit status 1"
