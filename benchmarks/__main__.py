"""`make bench`: what can be measured on any machine without further files."""

from importlib import resources

from benchmarks import render

if __name__ == "__main__":
    demo = resources.files("gateway").joinpath("demo")
    render.main([str(demo.joinpath(name)) for name in ("spec_zh.txt", "spec_en.txt")])
