"""Unit tests of the task: /usr/bin/python3 -m unittest"""

import dataclasses
import pathlib
import runpy
import tempfile
import threading
import unittest
from unittest import mock

import hostelry
import tally


class TallyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name, "access.log")

    def run_task(self, text, host=None, **config):
        self.file.write_bytes(text)
        return tally.run(tally.Config(file=str(self.file), **config), host or hostelry.Host())

    def test_counts_a_column(self):
        got = self.run_task(b"GET /a\nPUT  /b\n\tGET\t/a \nGET\n\nlast /b", column=2)
        self.assertEqual(got, {"lines": 6, "values": 2, "top": [
            {"value": "/a", "count": 2}, {"value": "/b", "count": 2},
        ]})

    def test_returns_no_more_than_top(self):
        got = self.run_task(b"b\na\nb\nc\n", top=1)
        self.assertEqual(got, {"lines": 4, "values": 3, "top": [{"value": "b", "count": 2}]})

    def test_takes_any_bytes(self):
        got = self.run_task(b"\xff\n\xfe\n\xff\n")
        self.assertEqual((got["values"], got["top"][0]), (2, {"value": "\ufffd", "count": 2}))

    def test_reports(self):
        host = mock.Mock(wraps=hostelry.Host(), restored=None)
        self.run_task(b"a\nb\n", host)
        host.ready.assert_called_once_with()
        host.progress.assert_called_with(4, 4, "2 lines")
        host.checkpoint.assert_called_once_with({"offset": 4, "lines": 2, "counts": {"a": 1, "b": 1}})

    def test_goes_on_from_a_checkpoint(self):
        saved = []
        host = hostelry.Host()
        host.checkpoint = saved.append
        whole = self.run_task(b"\xff x\nb y\n", host)
        got = self.run_task(b"\xff x\nb y\n", hostelry.Host(restored=saved[0]))
        self.assertEqual(got, whole)
        got = self.run_task(b"\xff x\nb y\nb z\n", hostelry.Host(restored=saved[0]))
        self.assertEqual((got["lines"], got["top"][0]), (3, {"value": "b", "count": 2}))

    def test_refuses_a_foreign_checkpoint(self):
        with self.assertRaisesRegex(hostelry.Failure, "none of tally's"):
            self.run_task(b"", hostelry.Host(restored={"at": 1}))

    def test_follows_until_it_is_stopped(self):
        host, kept, ends = hostelry.Host(), threading.Semaphore(0), []
        host.checkpoint = lambda saved: kept.release()
        task = threading.Thread(target=lambda: ends.append(self.run_task(b"a\nb", host, follow=True)))
        task.start()
        kept.acquire()  # it has counted the first line, the second has no end yet
        with self.file.open("ab") as file:
            file.write(b"b\na\n")
        kept.acquire()
        self.file.write_bytes(b"a\n")  # cut: it counts anew
        kept.acquire()
        host.stop()
        task.join()
        self.assertEqual(ends, [{"lines": 1, "values": 1, "top": [{"value": "a", "count": 1}]}])

    def test_stops_in_the_middle(self):
        host = hostelry.Host()
        host.stop()
        with self.assertRaises(hostelry.Stopped):
            self.run_task(b"a\n" * tally.LINES_A_LOOK, host)

    def test_no_restart_mends_a_missing_file(self):
        with self.assertRaises(hostelry.Failure) as raised:
            tally.run(tally.Config(file="/nowhere/access.log"), hostelry.Host())
        self.assertTrue(raised.exception.permanent)
        self.assertIn("/nowhere/access.log", str(raised.exception))

    def test_refuses_a_bad_config(self):
        for bad, why in ({"file": ""}, "empty"), ({"column": 0}, "from 1"), ({"top": 0}, "1 to 1000"), ({"top": 1001}, "1 to 1000"):
            with self.subTest(bad), self.assertRaisesRegex(ValueError, why):
                tally.Config(**{"file": "a", **bad})


class SchemaTest(unittest.TestCase):
    def test_schema_and_config_say_the_same(self):
        plugin = runpy.run_path(str(pathlib.Path(__file__).with_name("hostelry-tally")))
        properties = plugin["KIND"].schema["properties"]
        defaults = {field.name: field.default for field in dataclasses.fields(tally.Config)}
        self.assertEqual(list(properties), list(defaults))
        for name, property in properties.items():
            self.assertEqual(property.get("default", dataclasses.MISSING), defaults[name], name)


if __name__ == "__main__":
    unittest.main()
