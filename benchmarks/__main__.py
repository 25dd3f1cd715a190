"""`make bench`: what can be measured on any machine without further files."""

import sys

if __name__ == "__main__":
    try:
        from benchmarks import render
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed here: `make bench` sets everything up")
    render.main()
