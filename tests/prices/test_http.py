"""The session of price feeds, over HTTP: what it repeats, how long it waits, how much it takes, where it goes."""

import csv
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chipdex.errors import FetchError
from chipdex.prices.http import Limits, PriceSession
from chipdex.prices.kept import forget_unused
from chipdex.prices.redirects import is_private
from chipdex.prices.secrets import hidden, lookup, redacted

QUICK = Limits(connect_s=1, read_s=2, whole_s=4, backoff_s=0.001, longest_wait_s=0.2, most_bytes=100_000)
ROWS = [{"price": 2.5}]


@pytest.fixture
def session() -> Iterator[PriceSession]:
    with PriceSession(QUICK) as session:
        yield session


@pytest.fixture
def limited() -> Iterator[Callable[..., PriceSession]]:
    """Return a function that makes a session of other limits, or with a cache."""
    made = []

    def make(cache: Path | None = None, **limits: Any) -> PriceSession:
        made.append(PriceSession(attrs.evolve(QUICK, **limits), cache))
        return made[-1]

    yield make
    for one in made:
        one.close()


def answers(server: HTTPServer, *responses: Response, method: str = "GET") -> list[Request]:
    """Let `/prices` give these answers in turn, the last one from then on, and return the questions as they come."""
    asked: list[Request] = []

    def respond(request: Request) -> Response:
        asked.append(request)
        return responses[min(len(asked), len(responses)) - 1]

    server.expect_request("/prices", method=method).respond_with_handler(respond)
    return asked


def good(**headers: str) -> Response:
    return Response(json.dumps(ROWS), content_type="application/json", headers=headers)


def failure(run: Callable[[], Any]) -> FetchError:
    with pytest.raises(FetchError) as failed:
        run()
    return failed.value


@pytest.fixture
def raw() -> Iterator[Callable[..., str]]:
    """Return a function that starts a server which sends these bytes, piece by piece, to whoever connects."""
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(*pieces: bytes, pause_s: float = 0.0) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)

        def serve() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65_536)
                        for piece in pieces:
                            connection.sendall(piece)
                            time.sleep(pause_s)
            except OSError:
                return

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/prices"

    yield start
    for one in sockets:
        one.shutdown(socket.SHUT_RDWR)
        one.close()
    for thread in threads:
        thread.join(5)


class TestRepeating:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_a_failure_that_passes_is_asked_again(
        self, httpserver: HTTPServer, session: PriceSession, status: int
    ) -> None:
        asked = answers(httpserver, Response(status=status), Response(status=status), good())
        assert session.json(httpserver.url_for("/prices")) == ROWS
        assert len(asked) == 3

    def test_a_failure_that_stays_is_named_after_three_more_tries(
        self, httpserver: HTTPServer, session: PriceSession
    ) -> None:
        asked = answers(httpserver, Response(status=503))
        assert "answered 503" in failure(lambda: session.json(httpserver.url_for("/prices"))).message
        assert len(asked) == 4

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
    def test_what_cannot_pass_is_asked_once(self, httpserver: HTTPServer, session: PriceSession, status: int) -> None:
        asked = answers(httpserver, Response(status=status))
        assert f"answered {status}" in failure(lambda: session.json(httpserver.url_for("/prices"))).message
        assert len(asked) == 1

    def test_a_refused_key_is_what_the_fix_speaks_of(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response(status=401))
        assert "key" in failure(lambda: session.json(httpserver.url_for("/prices"))).fix

    def test_a_server_that_asks_to_wait_a_moment_is_waited_for(
        self, httpserver: HTTPServer, session: PriceSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits: list[float] = []
        monkeypatch.setattr(session._stopped, "wait", waits.append)
        session.limits = attrs.evolve(QUICK, longest_wait_s=10)
        answers(httpserver, Response(status=429, headers={"Retry-After": "0"}), good())
        assert session.json(httpserver.url_for("/prices")) == ROWS
        assert all(wait < 0.1 for wait in waits)

    def test_the_wait_is_the_one_that_the_server_asks_for(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = limited(longest_wait_s=30, whole_s=60)
        waits: list[float] = []
        monkeypatch.setattr(session._stopped, "wait", waits.append)
        answers(httpserver, Response(status=429, headers={"Retry-After": "7"}), good())
        assert session.json(httpserver.url_for("/prices")) == ROWS
        assert waits == [7]

    def test_a_server_that_asks_to_wait_an_hour_is_not_waited_for(
        self, httpserver: HTTPServer, session: PriceSession
    ) -> None:
        asked = answers(httpserver, Response(status=429, headers={"Retry-After": "3600"}))
        said = failure(lambda: session.json(httpserver.url_for("/prices"))).message
        assert "answered 429 and asks to wait 3,600 s" in said
        assert len(asked) == 1

    def test_waits_that_are_bearable_alone_are_not_in_sum(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession]
    ) -> None:
        session = limited(longest_wait_s=30, whole_s=5)
        answers(httpserver, Response(status=429, headers={"Retry-After": "20"}))
        assert "would take too long" in failure(lambda: session.json(httpserver.url_for("/prices"))).message

    def test_a_wait_that_is_no_number_is_left_out(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response(status=429, headers={"Retry-After": "soon"}), good())
        assert session.json(httpserver.url_for("/prices")) == ROWS

    @pytest.mark.parametrize(("status", "tries"), [(429, 4), (503, 4), (500, 1), (502, 1), (504, 1)])
    def test_a_post_is_repeated_only_where_the_server_has_done_nothing(
        self, httpserver: HTTPServer, session: PriceSession, status: int, tries: int
    ) -> None:
        asked = answers(httpserver, Response(status=status), method="POST")
        failure(lambda: session.json(httpserver.url_for("/prices"), json={"q": 1}))
        assert len(asked) == tries

    def test_a_post_that_only_reads_is_repeated_like_a_get(self, httpserver: HTTPServer, session: PriceSession) -> None:
        asked = answers(httpserver, Response(status=500), good(), method="POST")
        assert session.json(httpserver.url_for("/prices"), json={"query": "{ gpus }"}, reads=True) == ROWS
        assert [one.json for one in asked] == [{"query": "{ gpus }"}] * 2

    def test_a_connection_that_breaks_is_no_reason_to_post_twice(
        self, raw: Callable[..., str], session: PriceSession
    ) -> None:
        url = raw(b"")
        assert "closed the connection" in failure(lambda: session.json(url, json={})).message
        assert session._requests == 1


class TestTime:
    def test_a_byte_now_and_then_ends_with_the_time(
        self, raw: Callable[..., str], limited: Callable[..., PriceSession]
    ) -> None:
        url = raw(b"HTTP/1.1 200 OK\r\n\r\n", *([b"["] * 60), pause_s=0.02)
        assert "too long" in failure(lambda: limited(whole_s=0.2).json(url)).message

    def test_headers_without_an_end_end_with_the_time(
        self, raw: Callable[..., str], limited: Callable[..., PriceSession]
    ) -> None:
        url = raw(b"HTTP/1.1 200 OK\r\n", *([b"X: y\r\n"] * 60), pause_s=0.02)
        assert "too long" in failure(lambda: limited(whole_s=0.2).json(url)).message

    def test_silence_is_named(self, raw: Callable[..., str], limited: Callable[..., PriceSession]) -> None:
        url = raw(b"", pause_s=0.2)
        said = failure(lambda: limited(read_s=0.05, retries=0).json(url)).message
        assert "stopped answering" in said or "did not answer" in said

    def test_a_stopped_session_asks_nothing_more(self, httpserver: HTTPServer, session: PriceSession) -> None:
        asked = answers(httpserver, good())
        session.stop()
        assert "too long" in failure(lambda: session.json(httpserver.url_for("/prices"))).message
        assert asked == []

    def test_paging_without_an_end_ends(self, httpserver: HTTPServer, limited: Callable[..., PriceSession]) -> None:
        session = limited(most_requests=5)
        asked = answers(httpserver, good())
        said = failure(lambda: [session.json(httpserver.url_for("/prices")) for _ in range(9)]).message
        assert "paging that does not end" in said
        assert len(asked) == 5

    def test_nobody_at_the_address_is_named(self, session: PriceSession) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        assert "refuses connections" in failure(lambda: session.json(f"http://127.0.0.1:{port}/")).message

    def test_no_such_name_is_named(self, session: PriceSession, monkeypatch: pytest.MonkeyPatch) -> None:
        def nobody(*_: Any, **__: Any) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", nobody)
        assert "cannot be found" in failure(lambda: session.json("http://prices.invalid/")).message

    @pytest.mark.parametrize("url", ["ftp://host/x", "no address", "http://", "http://[", "file:///etc/hostname"])
    def test_what_is_no_web_address_is_refused(self, session: PriceSession, url: str) -> None:
        assert "is no" in failure(lambda: session.json(url)).message


class TestSize:
    def test_a_body_over_the_cap_is_refused(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response(b" " * 100_001))
        assert "more than 100,000 bytes" in failure(lambda: session.body(httpserver.url_for("/prices"))).message

    def test_a_body_at_the_cap_is_taken(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response(b" " * 100_000))
        assert len(session.body(httpserver.url_for("/prices"))) == 100_000

    @pytest.mark.parametrize("declared", [True, False])
    @pytest.mark.parametrize("layers", [1, 2])
    def test_a_small_file_that_unpacks_to_a_large_one_is_refused(
        self, httpserver: HTTPServer, session: PriceSession, declared: bool, layers: int
    ) -> None:
        packed = b" " * 5_000_000
        for _ in range(layers):
            packed = gzip.compress(packed)
        assert len(packed) < 100_000
        headers = {"Content-Encoding": "gzip"} if declared else {}
        answers(httpserver, Response(packed, headers=headers))
        url = httpserver.url_for("/prices")
        assert "more than 100,000 bytes" in failure(lambda: session.body(url)).message
        assert "more than 5,000 bytes" in failure(lambda: list(session.lines(url, most_bytes=5_000))).message

    @pytest.mark.parametrize("declared", [True, False])
    def test_packed_bodies_are_unpacked_whether_or_not_the_server_says_so(
        self, httpserver: HTTPServer, session: PriceSession, declared: bool
    ) -> None:
        headers = {"Content-Encoding": "gzip"} if declared else {}
        answers(httpserver, Response(gzip.compress(json.dumps(ROWS).encode()), headers=headers))
        assert session.json(httpserver.url_for("/prices")) == ROWS

    def test_members_one_after_another_are_one_body(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response(gzip.compress(b"[1,") + gzip.compress(b"2]") + b"\0" * 16))
        assert session.json(httpserver.url_for("/prices")) == [1, 2]

    def test_a_packed_file_that_is_packed_again_is_unpacked(
        self, httpserver: HTTPServer, session: PriceSession
    ) -> None:
        packed = gzip.compress(gzip.compress(b"[3]"))
        answers(httpserver, Response(packed, headers={"Content-Encoding": "gzip"}))
        assert session.json(httpserver.url_for("/prices")) == [3]

    @pytest.mark.parametrize("cut", [8, 30, -4])
    def test_gzip_that_ends_early_is_refused(self, httpserver: HTTPServer, session: PriceSession, cut: int) -> None:
        answers(httpserver, Response(gzip.compress(json.dumps(ROWS * 40).encode())[:cut]))
        url = httpserver.url_for("/prices")
        assert "gzip that is broken or incomplete" in failure(lambda: session.json(url)).message
        assert (
            "gzip that is broken or incomplete" in failure(lambda: list(session.lines(url, most_bytes=9_999))).message
        )

    def test_gzip_that_is_broken_is_refused(self, httpserver: HTTPServer, session: PriceSession) -> None:
        packed = bytearray(gzip.compress(bytes(range(256)) * 20))
        packed[40:60] = b"\xff" * 20
        answers(httpserver, Response(bytes(packed)))
        assert "gzip that is broken" in failure(lambda: session.body(httpserver.url_for("/prices"))).message

    def test_a_packing_that_nobody_asked_for_is_refused(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response(zlib.compress(b"[]"), headers={"Content-Encoding": "deflate"}))
        assert "packed as deflate" in failure(lambda: session.json(httpserver.url_for("/prices"))).message

    def test_a_body_that_ends_before_its_length_is_refused(
        self, raw: Callable[..., str], session: PriceSession
    ) -> None:
        url = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2]")
        assert "ended before its body did" in failure(lambda: session.json(url)).message
        assert "ended before its body did" in failure(lambda: list(session.lines(url, most_bytes=999))).message

    def test_pieces_that_end_before_the_last_one_are_refused(
        self, raw: Callable[..., str], session: PriceSession
    ) -> None:
        url = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n[1, 2]\r\n")
        assert "ended before its body did" in failure(lambda: session.json(url)).message


class TestContent:
    def test_broken_json_is_named(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response('[{"price": 2.5}, {"pri'))
        assert "broken or incomplete" in failure(lambda: session.json(httpserver.url_for("/prices"))).message

    def test_json_without_a_bottom_is_named(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response("[" * 90_000))
        assert "broken or incomplete" in failure(lambda: session.json(httpserver.url_for("/prices"))).message

    @pytest.mark.parametrize("page", ["<!DOCTYPE html><html>", "\ufeff <html><body>sorry", "\n<HTML>"])
    def test_a_web_page_with_status_200_is_no_answer(
        self, httpserver: HTTPServer, session: PriceSession, page: str
    ) -> None:
        answers(httpserver, Response(page, content_type="text/html"))
        url = httpserver.url_for("/prices")
        assert "a web page instead of JSON" in failure(lambda: session.json(url)).message
        assert "a web page instead of data" in failure(lambda: session.text(url)).message

    def test_lines_of_a_web_page_are_none(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response("<!doctype html>\n<html>\n"))
        url = httpserver.url_for("/prices")
        assert "web page" in failure(lambda: list(session.lines(url, most_bytes=999))).message

    def test_lines_come_without_their_ends(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response("\ufeffname,price\r\nü1,2.5\r\n\r\nlast,3".encode()))
        lines = list(session.lines(httpserver.url_for("/prices"), most_bytes=999))
        assert lines == ["name,price", "ü1,2.5", "", "last,3"]
        assert next(iter(csv.DictReader(lines))) == {"name": "ü1", "price": "2.5"}

    def test_a_line_without_an_end_is_refused(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession]
    ) -> None:
        answers(httpserver, Response("x" * 1_100_000))
        session = limited()
        url = httpserver.url_for("/prices")
        assert "a line of more than" in failure(lambda: list(session.lines(url, most_bytes=9_000_000))).message

    def test_an_option_that_switches_a_safeguard_off_is_no_option(self, session: PriceSession) -> None:
        with pytest.raises(TypeError, match="verify"):
            session.json("https://127.0.0.1/", verify=False)
        with pytest.raises(TypeError, match="timeout"):
            session.json("https://127.0.0.1/", timeout=None)

    def test_it_says_who_asks(self, httpserver: HTTPServer, session: PriceSession) -> None:
        asked = answers(httpserver, good())
        session.json(httpserver.url_for("/prices"))
        assert asked[0].headers["User-Agent"].startswith("chipdex/")


class TestRedirects:
    def test_a_move_on_the_same_server_is_followed(self, httpserver: HTTPServer, session: PriceSession) -> None:
        httpserver.expect_request("/old").respond_with_response(Response(status=301, headers={"Location": "/prices"}))
        answers(httpserver, good())
        assert session.json(httpserver.url_for("/old")) == ROWS

    @pytest.mark.parametrize(
        "there",
        [
            "http://10.0.0.1/prices",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]:1/",
            "http://[::ffff:10.0.0.1]/",
            "http://0.0.0.0/",
            "http://127.0.0.1:1/",
            "http://2130706433:1/",
        ],
    )
    def test_a_private_address_is_not_gone_to(self, httpserver: HTTPServer, session: PriceSession, there: str) -> None:
        answers(httpserver, Response(status=302, headers={"Location": there}))
        assert "private address" in failure(lambda: session.json(httpserver.url_for("/prices"))).message

    @pytest.mark.parametrize("there", ["https://127.0.0.1/", "ftp://example.com/", "file:///etc/passwd"])
    def test_another_scheme_is_not_gone_to(self, httpserver: HTTPServer, session: PriceSession, there: str) -> None:
        answers(httpserver, Response(status=302, headers={"Location": there}))
        assert "from http" in failure(lambda: session.json(httpserver.url_for("/prices"))).message

    def test_a_circle_ends(self, httpserver: HTTPServer, session: PriceSession) -> None:
        asked = answers(httpserver, Response(status=302, headers={"Location": "/prices"}))
        assert "without an end" in failure(lambda: session.json(httpserver.url_for("/prices"))).message
        assert len(asked) == 6

    def test_what_a_redirection_says_besides_is_not_read(self, raw: Callable[..., str], session: PriceSession) -> None:
        head = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 999999999\r\n\r\n"
        url = raw(head, *([b"x" * 1_000] * 50), pause_s=0.02)
        assert "private address" in failure(lambda: session.json(url)).message

    def test_keys_stay_behind_where_another_server_takes_over(
        self, httpserver: HTTPServer, session: PriceSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chipdex.prices.redirects.is_private", lambda _host: False)
        with HTTPServer(host="127.0.0.1") as other:
            asked = answers(other, good())
            answers(httpserver, Response(status=302, headers={"Location": other.url_for("/prices")}))
            url = httpserver.url_for("/prices")
            assert session.json(url, headers={"X-Api-Key": "s3cret", "Authorization": "Bearer s3cret"}) == ROWS
        assert "s3cret" not in str(asked[0].headers)

    def test_a_body_is_not_sent_on_to_another_server(
        self, httpserver: HTTPServer, session: PriceSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chipdex.prices.redirects.is_private", lambda _host: False)
        answers(httpserver, Response(status=307, headers={"Location": "http://127.0.0.1:1/"}), method="POST")
        said = failure(lambda: session.json(httpserver.url_for("/prices"), json={"secret": "s3cret"})).message
        assert "with what was sent to" in said

    def test_public_addresses_are_not_private(self) -> None:
        assert not is_private("8.8.8.8")
        assert is_private("10.1.2.3")
        assert is_private("fe80::1%eth0")


class TestKeeping:
    def test_what_has_not_changed_is_not_sent_again(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], tmp_path: Path
    ) -> None:
        asked = answers(httpserver, good(ETag='"1"'), Response(status=304))
        for _ in range(2):
            session = limited(tmp_path)
            assert session.json(httpserver.url_for("/prices")) == ROWS
            session.settle(good=True)
        assert "If-None-Match" not in asked[0].headers
        assert asked[1].headers["If-None-Match"] == '"1"'

    def test_a_date_serves_where_there_is_no_etag(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], tmp_path: Path
    ) -> None:
        date = "Mon, 23 Nov 2026 10:00:00 GMT"
        asked = answers(httpserver, good(**{"Last-Modified": date}), Response(status=304))
        for _ in range(2):
            session = limited(tmp_path)
            assert session.json(httpserver.url_for("/prices")) == ROWS
            session.settle(good=True)
        assert asked[1].headers["If-Modified-Since"] == date

    def test_an_answer_of_a_failed_fetch_is_not_kept(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], tmp_path: Path
    ) -> None:
        asked = answers(httpserver, good(ETag='"broken"'), good(ETag='"whole"'))
        for success in (False, True):
            session = limited(tmp_path)
            session.json(httpserver.url_for("/prices"))
            session.settle(good=success)
        assert "If-None-Match" not in asked[1].headers

    def test_after_a_failed_fetch_everything_is_asked_anew(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], tmp_path: Path
    ) -> None:
        asked = answers(httpserver, good(ETag='"1"'), Response(status=304), good(ETag='"1"'))
        for success in (True, False, True):
            session = limited(tmp_path)
            session.json(httpserver.url_for("/prices"))
            session.settle(good=success)
        assert ["If-None-Match" in one.headers for one in asked] == [False, True, False]

    def test_a_damaged_answer_is_fetched_again(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], tmp_path: Path
    ) -> None:
        asked = answers(httpserver, good(ETag='"1"'))
        session = limited(tmp_path)
        session.json(httpserver.url_for("/prices"))
        session.settle(good=True)
        (file,) = tmp_path.iterdir()
        file.write_bytes(file.read_bytes()[:-3])
        assert limited(tmp_path).json(httpserver.url_for("/prices")) == ROWS
        assert "If-None-Match" not in asked[1].headers

    def test_unchanged_without_a_question_for_it_is_no_answer(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], tmp_path: Path
    ) -> None:
        answers(httpserver, Response(status=304))
        assert "answered 304" in failure(lambda: limited(tmp_path).json(httpserver.url_for("/prices"))).message

    @pytest.mark.parametrize(
        ("options", "headers"),
        [({"json": {"q": 1}}, {"ETag": '"1"'}), ({}, {"ETag": '"1"', "Cache-Control": "private, no-store"}), ({}, {})],
    )
    def test_answers_to_posts_and_secret_ones_are_not_kept(
        self,
        httpserver: HTTPServer,
        limited: Callable[..., PriceSession],
        tmp_path: Path,
        options: dict[str, Any],
        headers: dict[str, str],
    ) -> None:
        answers(httpserver, good(**headers), method="POST" if options else "GET")
        session = limited(tmp_path)
        session.json(httpserver.url_for("/prices"), **options)
        session.settle(good=True)
        assert list(tmp_path.iterdir()) == []

    def test_another_key_is_another_question(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], tmp_path: Path
    ) -> None:
        asked = answers(httpserver, good(ETag='"1"'))
        for key in ("first-key", "other-key"):
            session = limited(tmp_path)
            session.json(httpserver.url_for("/prices"), headers={"X-Key": key})
            session.settle(good=True)
        assert "If-None-Match" not in asked[1].headers
        kept = list(tmp_path.iterdir())
        assert len(kept) == 2
        assert not any(b"first-key" in file.read_bytes() or "first-key" in file.name for file in kept)
        assert {file.stat().st_mode & 0o077 for file in kept} == {0}

    def test_a_folder_that_cannot_be_written_costs_nothing_but_time(
        self, httpserver: HTTPServer, limited: Callable[..., PriceSession], tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        answers(httpserver, good(ETag='"1"'))
        session = limited(tmp_path / "file" / "cache")
        assert session.json(httpserver.url_for("/prices")) == ROWS
        session.settle(good=True)

    def test_answers_that_nobody_used_for_a_month_go(self, tmp_path: Path) -> None:
        file = tmp_path / "kept"
        file.write_text("old")
        written = file.stat().st_mtime
        forget_unused(tmp_path, written + 29 * 86_400)
        assert file.exists()
        forget_unused(tmp_path, written + 31 * 86_400)
        assert not file.exists()


class TestSecrets:
    @pytest.mark.parametrize(
        "url",
        [
            "https://h.example/p?key=s3cr3t&region=eu",
            "https://h.example/p?region=eu&API_Key=s3cr3t",
            "https://user:s3cr3t@h.example/p?region=eu",
            "https://h.example/p?X-Amz-Signature=s3cr3t&region=eu",
            "https://h.example/p?access_token=s3cr3t#region=eu",
            "https://h.example/p?region=eu#token=s3cr3t",
        ],
    )
    def test_addresses_are_shown_without_keys(self, url: str) -> None:
        assert "s3cr3t" not in redacted(url)
        assert redacted(url).startswith("https://h.example/p")

    def test_what_is_no_secret_stays(self) -> None:
        assert redacted("https://h.example/p?region=eu&$skip=100") == "https://h.example/p?region=eu&$skip=100"

    def test_known_secrets_go_wherever_they_stand_and_however_they_are_spelled(self) -> None:
        text = "GET /a%2Fb%2Bc failed: Invalid token 'a/b+c' in a%2Fb%2Bc and a/b%2Bc"
        assert hidden(text, ["a/b+c"]).count("...") == 4
        assert "a/b" not in hidden(text, ["a/b+c"])

    def test_a_bearer_is_hidden_though_nobody_knows_it(self) -> None:
        assert hidden("Authorization: Bearer abcdefgh12345 was refused") == "Authorization: Bearer ... was refused"

    def test_no_failure_shows_a_key_of_the_address(self, httpserver: HTTPServer, session: PriceSession) -> None:
        answers(httpserver, Response(status=403), Response("{"), Response(b" " * 100_001), Response("<html>"))
        url = httpserver.url_for("/prices?key=s3cr3t-key")
        for _ in range(4):
            error = failure(lambda: session.json(url, params={"token": "s3cr3t-key"}))
            assert "s3cr3t" not in str(error)
        session.stop()
        assert "s3cr3t" not in str(failure(lambda: session.json(url)))

    def test_no_failure_on_the_way_shows_a_key(self, session: PriceSession) -> None:
        for url in ("http://127.0.0.1:1/?key=s3cr3t-key", "http://s3cr3t-key@127.0.0.1:1/", "s3cr3t-key://x"):
            error = failure(lambda url=url: session.json(url, params={"token": "s3cr3t-key"}))
            shown = str(error).replace("s3cr3t-key://", "")
            assert "s3cr3t" not in shown

    def test_the_environment_goes_before_the_keyring(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            "chipdex.prices.secrets._in_keyring", lambda names: dict.fromkeys(names, "from the keyring")
        )
        assert lookup(("A_KEY", "B_KEY"), {"A_KEY": " from the environment "}) == {
            "A_KEY": "from the environment",
            "B_KEY": "from the keyring",
        }

    def test_a_keyring_that_cannot_be_opened_holds_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys
        import types

        def locked(_service: str, _name: str) -> str:
            raise RuntimeError("locked")

        monkeypatch.setitem(sys.modules, "keyring", types.SimpleNamespace(get_password=locked))
        assert lookup(("A_KEY",), {}) == {}

    def test_a_keyring_answers_under_the_variable_s_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys
        import types

        held = {("chipdex", "A_KEY"): "held"}
        fake = types.SimpleNamespace(get_password=lambda service, name: held.get((service, name)))
        monkeypatch.setitem(sys.modules, "keyring", fake)
        assert lookup(("A_KEY", "B_KEY"), {}) == {"A_KEY": "held"}
