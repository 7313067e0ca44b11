"""The measurement itself, where the truth is known; tests/bench/harness.bats runs it."""

import itertools
import math
import statistics
import subprocess
import tempfile
import unittest
import unittest.mock

import counting
import nginx
import process
import programs
import rounds
import targets

# A child that does $1 rounds of work after its parent did $2.
FORKING = """
import os, sys
def work(count):
    for _ in range(count): pass
work(int(sys.argv[2]))
child = os.fork()
if child == 0:
    work(int(sys.argv[1]))
    os._exit(0)
os.waitpid(child, 0)
"""


class Counting(unittest.TestCase):
    def instructions(self, in_child, in_parent):
        return counting.instructions(["/usr/bin/python3", "-S", "-E", "-c", FORKING, str(in_child), str(in_parent)])

    def test_every_process_counts_and_none_twice(self):
        none = self.instructions(0, 0)
        in_child = self.instructions(200000, 0) - none
        in_parent = self.instructions(0, 200000) - none
        self.assertGreater(in_child, 200000)
        self.assertAlmostEqual(in_parent / in_child, 1, delta=0.05)

    def test_system_calls_of_all_processes_count(self):
        script = "for i in $(seq {}); do /bin/true; done"
        few, many = (counting.system_calls(["sh", "-c", script.format(count)]) for count in (1, 11))
        self.assertGreater((many - few) / 10, 10)  # execve, mmap and others of a program that does nothing

    def test_slope_is_taken_between_the_least(self):
        counts = {10: [130, 110, 150], 20: [210, 260, 250]}
        slope = counting.Slope(lambda downloads: counts[downloads].pop(0), lambda downloads: downloads, 10, 20)
        self.assertEqual(slope.measure(1).value, 8)
        self.assertEqual(slope.measure(2).value, 10)


class Processes(unittest.TestCase):
    def test_a_command_that_fails_is_told(self):
        with self.assertRaisesRegex(process.Failed, "exit status 3: because"):
            process.run(["sh", "-c", "echo because; exit 3"])

    def test_a_command_that_does_not_end_is_ended_with_all_it_started(self):
        with tempfile.NamedTemporaryFile("r") as numbers, unittest.mock.patch.object(process, "TIME_LIMIT_S", 2):
            with self.assertRaisesRegex(process.Failed, "not done within"):
                process.run(["sh", "-c", f"sleep 600 & echo $! >{numbers.name}; wait"])
            self.assert_ends(int(numbers.read()))

    def assert_ends(self, number):
        for _ in range(1000):
            state = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True).stdout
            if not state or state.startswith("Z"):
                return
        self.fail(f"process {number} still runs: {state}")

    def test_memory_is_the_commands_and_not_ours(self):
        ours = bytearray(200 << 20)
        self.assertLess(process.run(["/bin/true"]).peak_bytes, len(ours) / 10)


class Programs(unittest.TestCase):
    def test_those_of_this_repository_tell_their_time(self):
        with tempfile.TemporaryDirectory() as folder, nginx.Nginx(folder) as server:
            work = programs.Work(folder, [server.put("document", 1024)])
            for program in programs.ALL:
                if program.package is None:
                    self.assertGreater(program.measure(work, 16)["rate"], 0, program.name)


class Rounds(unittest.TestCase):
    def test_ratio_is_the_median_of_all_means_of_two(self):
        first, second = (2.0, 2.4, 1.7, 2.9, 2.2, 2.6), (1.0, 1.1, 0.9, 1.3, 1.2, 1.0)
        logarithms = [math.log(a / b) for a, b in zip(first, second)]
        means = [(a + b) / 2 for a, b in itertools.combinations_with_replacement(logarithms, 2)]
        estimate, low, high = rounds.ratio(first, second)
        self.assertAlmostEqual(estimate, math.exp(statistics.median(means)), places=6)
        self.assertAlmostEqual(low, math.exp(min(means)), places=6)  # 31 of 32 in six rounds
        self.assertAlmostEqual(high, math.exp(max(means)), places=6)

    def test_few_rounds_have_no_interval(self):
        self.assertEqual(rounds.ratio((2, 2), (1, 1)), (2, None, None))

    def test_who_is_optional_and_fails_is_left_out(self):
        def fail():
            raise process.Failed("broken")
        self.assertEqual(rounds.interleave({"a": lambda: 1, "b": fail}, 2, ["b"], lambda text: None), {"a": [1, 1]})
        with self.assertRaises(process.Failed):
            rounds.interleave({"a": lambda: 1, "b": fail}, 2, [], lambda text: None)


class Targets(unittest.TestCase):
    def test_what_is_at_the_limit_is_met_and_what_is_over_is_not(self):
        self.assertTrue(targets.at_most("x", 5.2, 5.2, "{}").is_met)
        self.assertFalse(targets.at_most("x", 5.21, 5.2, "{}").is_met)

    def test_a_ratio_whose_interval_holds_the_limit_is_not_certain(self):
        near = targets.at_least("x", (1.0, 1.3, 1.2, 1.4, 1.1, 1.25), [1] * 6, 1.1)
        self.assertEqual((near.is_met, near.is_certain), (True, False))
        far = targets.at_least("x", (2.0, 2.3, 2.2, 2.4, 2.1, 2.25), [1] * 6, 1.1)
        self.assertEqual((far.is_met, far.is_certain), (True, True))
        below = targets.at_least("x", (0.8, 0.9, 0.7, 0.6, 0.5, 0.85), [1] * 6, 1.1)
        self.assertEqual((below.is_met, below.is_certain), (False, True))

    def test_every_mode_has_its_line_of_counts(self):
        counts = {f"conc-bench {mode}": {"instructions": 60000, "system calls": 4} for mode in
                  targets.EASY_MODES + targets.LOOP_MODES}
        self.assertTrue(all(row.is_met for row in targets.per_download({"counts": counts})))
        counts["conc-bench hybrid"]["instructions"] = 64601
        self.assertEqual([row.what for row in targets.per_download({"counts": counts}) if not row.is_met],
                         ["instructions a download, hybrid"])


if __name__ == "__main__":
    unittest.main()
