"""How a peer is measured: it answers each line of stdin that says "run" with the seconds of one run."""
import json
import resource
import sys
import time


def answer(line):
    print(json.dumps(line), flush=True)


def serve(open_network):
    """Opens a network, and runs it as often as it is told to. `open_network` answers what runs it once."""
    start = time.perf_counter()
    run = open_network()
    answer({"seconds": time.perf_counter() - start})
    for line in sys.stdin:
        if line.strip() == "run":
            start = time.perf_counter()
            run()
            answer({"seconds": time.perf_counter() - start})
        else:
            # Linux counts in kilobytes.
            answer({"peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})
