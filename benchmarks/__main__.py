"""`make bench`: what can be measured on any machine without further files."""

from benchmarks import render

if __name__ == "__main__":
    render.main()
