"""A process that speaks like a service: `python -m tests.gateway.toy_service serve|die|stubborn|parent|babble`."""

import json
import os
import signal
import subprocess
import sys


def say(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}), file=sys.stderr, flush=True)


def main(behaviour: str) -> None:
    if behaviour == "die":
        print("no weights here", file=sys.stderr)
        sys.exit(3)
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if behaviour == "parent":
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], stderr=subprocess.DEVNULL)
        say("child", pid=child.pid)
    if behaviour == "babble":
        print("x" * 3_000_000, file=sys.stderr, flush=True)
    say("listening", port=4711, pid=os.getpid())
    print("not json", file=sys.stderr, flush=True)
    say("serving")
    signal.pause()


if __name__ == "__main__":
    main(os.environ["TOY"])
