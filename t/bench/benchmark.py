"""What every benchmark does around its measurements: options, a harness that is cleaned up, the table printed and written."""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Test
from tg_process import kRoot


def parser_of(description):
    """Options that all have; the caller adds its own."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (3)")
    parser.add_argument("--output", help="file for the table, as Markdown")
    return parser


def run_benchmark(options, measure):
    """measure(test) returns (the table, exit status). Ends the process: threads of a harness may still wait."""
    if not kRoot:
        print("bench: best run as root, so that nginx's workers are their own user", file=sys.stderr)
    test = Test()
    try:
        text, code = measure(test)
        print(text)
        if options.output:
            with open(options.output, "w", encoding="utf-8") as file:
                file.write(text + "\n")
    finally:
        for project in test.projects:
            project.stop()
        test.clean()
    sys.stdout.flush()
    os._exit(code)


def measure_main(description, seconds, measure_all, *texts):
    """main() of a benchmark with --seconds: measure_all(test, options) as run_benchmark()'s measure. `texts`: (name, help) of further options."""
    parser = parser_of(description)
    for name, meaning in texts:
        parser.add_argument(name, default="", help=meaning)
    parser.add_argument("--seconds", type=int, default=seconds, help=f"of each measurement ({seconds})")
    options = parser.parse_args()
    run_benchmark(options, lambda test: measure_all(test, options))
