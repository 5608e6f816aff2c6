#!/usr/bin/env python3
"""run.py FILE_test [Class[.test_method]]…   runs one file of end-to-end tests; says what it skipped.

Runs with the python that TROUPE_TEST_PYTHON names, which has confluent-kafka.
Exits with 77 when something was skipped and nothing failed; ctest shows that as a skipped test.
"""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


class TimedResult(unittest.TextTestResult):
    """Says how long each test took."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        self.stream.write(f"({time.monotonic() - self.began:.1f} s) ")
        super().addSuccess(test)


def main():
    python = os.environ.get("TROUPE_TEST_PYTHON")
    if python and os.environ.get("TROUPE_TEST_PYTHON_RUNS") != "1":
        os.environ["TROUPE_TEST_PYTHON_RUNS"] = "1"
        os.execv(python, [python, *sys.argv])
    module = sys.argv[1]
    names = [f"{module}.{name}" for name in sys.argv[2:]] or [module]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout, resultclass=TimedResult).run(suite)
    for test, why in result.skipped:
        print(f"SKIPPED: {test}: {why}")
    if not result.wasSuccessful():
        return 1
    if result.testsRun == 0 and not result.skipped:
        print(f"no tests in {module}")
        return 1
    return 77 if result.skipped else 0


if __name__ == "__main__":
    sys.exit(main())
