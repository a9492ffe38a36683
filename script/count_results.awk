# Reads the output of pg_regress, prove and unittest, and writes how many tests
# passed, failed and were skipped. A test program that fails outside of its tests
# counts as one failed test.

function number_after(label,    found)
{
    if (!match($0, label "[0-9]+"))
        return 0
    found = substr($0, RSTART, RLENGTH)
    sub(/.*[^0-9]/, "", found)
    return found + 0
}

# pg_regress until PostgreSQL 15 ...
/^(test| ) +[^ ]+ +\.\.\. ok /      { passed++ }
/^(test| ) +[^ ]+ +\.\.\. FAILED /  { failed++ }

# ... and since 16
/^ok [0-9]+ +[-+] /      { passed++ }
/^not ok [0-9]+ +[-+] /  { failed++ }

# prove: one line per program with a failure, then the total
/^t\/.* skipped: / { skipped++ }
/^t\/.* \(Wstat: / {
    bad = number_after("Failed: ")
    passed -= bad
    dead = bad == 0 && number_after("Wstat: ") > 0
    failed += bad + dead
    unplanned = bad + dead == 0
}
/^  Parse errors: / { failed += unplanned; unplanned = 0 }
/^Files=[0-9]+, Tests=[0-9]+/ { passed += number_after("Tests=") }

# unittest; a failed subtest is not among the tests run
/^Ran [0-9]+ tests? in / { ran = $2; passed += ran }
/^(OK|FAILED) \(/ {
    bad = number_after("\\(failures=") + number_after("errors=") + number_after("unexpected successes=")
    left_out = number_after("skipped=")
    passed -= bad + left_out < ran ? bad + left_out : ran
    failed += bad
    skipped += left_out
}

END { print passed + 0, failed + 0, skipped + 0 }
