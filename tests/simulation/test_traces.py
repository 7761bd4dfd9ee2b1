"""Traces are read as their publishers write them, and what is wrong with one is said with its line."""

import json
import os
from pathlib import Path

import attrs
import numpy as np
import pytest
from fakes.traces import trace

from chipdex.errors import ChipdexError, InfeasibleError, OptionError
from chipdex.simulation import traces
from chipdex.simulation.describe import describe
from chipdex.simulation.quantiles import Quantiles
from chipdex.simulation.traces import LONGEST_S, Format, Piece, Trace, format_of

AZURE = (
    "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n"
)
BURSTGPT = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,ChatGPT,1087,230,1317,Conversation log\n118,GPT-4,417,276,693,API log\n"
MOONCAKE = '{"timestamp": 0, "input_length": 655, "output_length": 52, "hash_ids": [46, 47]}\n{"timestamp": 3052, "input_length": 672, "output_length": 26, "hash_ids": [46, 48]}\n'
OWN = "arrival_s,input_tokens,output_tokens,prefix_hashes\n0.5,10,20,a b\n\n0.75,11,21,a c\n"


def read(folder: Path, text: str | bytes, **changes: object) -> list[Piece]:
    file = folder / "trace"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(Trace(file=file, format=format_of(file), **changes).pieces())


@pytest.mark.parametrize(
    ("text", "known", "arrival", "inputs", "outputs"),
    [
        (AZURE, Format.AZURE, [0.0, 4.314579], [374, 396], [44, 109]),
        (BURSTGPT, Format.BURSTGPT, [0.0, 40.0, 113.0], [472, 1087, 417], [18, 230, 276]),
        (MOONCAKE, Format.MOONCAKE, [0.0, 3.052], [655, 672], [52, 26]),
        (OWN, Format.CSV, [0.0, 0.25], [10, 11], [20, 21]),
    ],
)
def test_each_format_is_known_by_its_first_line(
    tmp_path: Path, text: str, known: Format, arrival: list[float], inputs: list[int], outputs: list[int]
) -> None:
    (piece,) = read(tmp_path, text)
    assert format_of(tmp_path / "trace") is known
    assert piece.arrival_s.tolist() == pytest.approx(arrival, abs=1e-6)
    assert piece.input_tokens.tolist() == inputs
    assert piece.output_tokens.tolist() == outputs


def test_a_date_and_time_may_have_an_offset_from_utc(tmp_path: Path) -> None:
    times = ("2024-05-10 00:00:00.009930+00:00", "2024-05-10T00:00:01.009930Z", "2024-05-10 01:00:03.0099300+01:00")
    text = AZURE.splitlines()[0] + "".join(f"\n{one},1,1" for one in (*times, "2024-05-10 00:00:07.00993"))
    assert read(tmp_path, text)[0].arrival_s.tolist() == pytest.approx([0.0, 1.0, 3.0, 7.0], abs=1e-6)


def test_names_of_columns_may_be_quoted(tmp_path: Path) -> None:
    (piece,) = read(tmp_path, '\ufeff"arrival_s", "input_tokens","output_tokens"\r\n"0","1","2"\r\n')
    assert (piece.input_tokens.tolist(), piece.output_tokens.tolist()) == ([1], [2])


def test_hashes_are_read_where_there_are_any(tmp_path: Path) -> None:
    assert read(tmp_path, MOONCAKE)[0].hashes == ([46, 47], [46, 48])
    assert read(tmp_path, OWN)[0].hashes == [["a", "b"], ["a", "c"]]
    assert read(tmp_path, AZURE)[0].hashes is None


def test_a_rate_is_multiplied_by_shrinking_the_gaps(tmp_path: Path) -> None:
    (piece,) = read(tmp_path, BURSTGPT, faster=4.0)
    assert piece.arrival_s.tolist() == [0.0, 10.0, 28.25]


OWN_HEAD = "arrival_s,input_tokens,output_tokens\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "begins with 'a,b', which no format does"),
        (OWN_HEAD, "holds no request"),
        (OWN_HEAD + "0,1,1\n2,1,1\n1,1,1\n", ":4: the request came 1 s before the one above it"),
        (OWN_HEAD + "0,1,1\n2,0,1\n", ":3: the request has 0 input tokens"),
        (OWN_HEAD + "0,1,1\n\n2,1,0\n", ":4: the request has 0 output tokens"),
        (OWN_HEAD + "0,1,1\n2,1\n", ":3: the request has 2 of 3 columns: the line is cut"),
        (OWN_HEAD + "0,1,1,9\n", "the line is cut, or has too many"),
        (OWN_HEAD + "0,1,x\n", ":2: the request has output_tokens 'x'"),
        (OWN_HEAD + "0,1.5,1\n", "input_tokens '1.5'"),
        (OWN_HEAD + "0,-1,1\n", "input_tokens '-1'"),
        (OWN_HEAD + "0,99999999999,1\n", "up to 10,000,000"),
        (OWN_HEAD + "nan,1,1\n", "arrival_s 'nan', which is no number"),
        (OWN_HEAD + "1e999,1,1\n", "which is no number"),
        (OWN_HEAD + '0,"1,1\n', "not a line of CSV"),
        (OWN_HEAD + "0,1,1\n1e10,1,1\n", ":3: the request comes 1e+10 s after the first, more than a year"),
        (OWN_HEAD + "-1e308,1,1\n1e308,1,1\n", ":3: the request comes inf s after the first"),
        (OWN_HEAD + "1e308,1,1\n-1e308,1,1\n", ":3: the request came inf s before"),
        ("arrival_s,input_tokens,output_tokens,input_tokens\n0,1,1,2\n", "has the column 'input_tokens' twice"),
        (AZURE + "yesterday,1,1\n", ":4: the request has TIMESTAMP 'yesterday', which is no date and time"),
        (AZURE + "NaT,1,1\n", "which is no date and time"),
        (AZURE + "now,1,1\n", "which is no date and time"),
        (AZURE + "2024,1,1\n", "which is no date and time"),
        (AZURE + "2024-02-30 00:00:00,1,1\n", "which is no date and time"),
        ("\n" + OWN_HEAD, "begins with an empty line"),
        (BURSTGPT + "120,GPT-4,5,0,5,API log\n", "--skip-empty"),
        (MOONCAKE + '{"timestamp": 4000, "input_le', ":3: not a line of JSON, or one that is cut"),
        (MOONCAKE + "[1, 2]\n", ":3: the request is no JSON object"),
        (MOONCAKE + '{"timestamp": 4000, "input_length": 3}\n', ":3: the request has no output_length"),
        ('{"timestamp": true, "input_length": 3, "output_length": 3}\n', "has timestamp True"),
        (MOONCAKE + '{"timestamp": 4000, "input_length": 3, "output_length": 3}\n', "has no hash_ids, unlike"),
        ('{"timestamp": 1, "input_length": 3, "output_length": 3, "hash_ids": 7}\n', "are no list of hashes"),
        (b"\xff\xfe\x00\x01", "is not text in UTF-8"),
        (OWN_HEAD.encode() + b"0,1,\xff\n", "is not text in UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(OptionError) as error:
        read(tmp_path, text)
    assert told in f"{error.value} {error.value.fix}"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChipdexError, match="cannot be read"):
        format_of(tmp_path / "nowhere")


def test_what_can_be_read_only_once_is_no_trace(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for file in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), Path("-")):
        with pytest.raises(OptionError, match="is no regular file, which a trace has to be: it is read twice"):
            format_of(file)
        with pytest.raises(OptionError, match="is no regular file"):
            list(Trace(file=file, format=Format.CSV).pieces())


def test_order_holds_across_pieces_and_lines_are_counted_through(tmp_path: Path) -> None:
    rows = [(float(at), 1, 1) for at in range(20_000)]
    with pytest.raises(OptionError, match=":20002: the request came 19999 s before"):
        list(trace(tmp_path, [*rows, (0.0, 1, 1)]).pieces())


def test_empty_requests_are_left_out_and_counted_where_that_is_asked_for(tmp_path: Path) -> None:
    pieces = read(tmp_path, BURSTGPT + "120,GPT-4,5,0,5,API log\n", skip_empty=True)
    assert [(len(piece), piece.skipped) for piece in pieces] == [(3, 1)]


def test_what_is_longer_than_the_context_is_left_out_and_counted(tmp_path: Path) -> None:
    text = OWN_HEAD + "0,1,1\n1,90,10\n\n2,90,11\n3,91,10\n4,200,0\n"
    (piece,) = read(tmp_path, text, context_tokens=100, skip_empty=True)
    assert piece.arrival_s.tolist() == [0.0, 1.0]
    assert (piece.skipped, piece.too_long, piece.too_long_line) == (1, 2, 5)
    told = describe([piece, attrs.evolve(piece, too_long_line=9)])
    assert (told.requests, told.too_long, told.too_long_line) == (4, 4, 5)
    with pytest.raises(InfeasibleError, match="Every request of the trace is longer"):
        describe(Trace(file=tmp_path / "trace", format=Format.CSV, context_tokens=1, skip_empty=True).pieces())


def test_a_replay_lasts_up_to_a_year(tmp_path: Path) -> None:
    text = OWN_HEAD + "0,1,1\n31622400,1,1\n"
    assert read(tmp_path, text)[0].arrival_s[-1] == LONGEST_S
    with pytest.raises(OptionError, match="at 1e-300 times its rate, more than a year") as error:
        read(tmp_path, text, faster=1e-300)
    assert error.value.fix == "Raise --rate-factor."


def test_a_description_is_what_the_whole_trace_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    arrivals = np.cumsum(rng.exponential(0.1, 30_000))
    inputs, outputs = rng.integers(1, 5000, 30_000), rng.geometric(0.01, 30_000)
    rows = list(zip(arrivals.tolist(), inputs.tolist(), outputs.tolist(), strict=True))
    told = describe(trace(tmp_path, rows).pieces())
    gaps = np.diff(arrivals)
    minutes = np.bincount((arrivals - arrivals[0]).astype(int) // 60)[:-1]
    assert told.requests == 30_000
    assert told.input.mean == pytest.approx(inputs.mean())
    assert told.input.p50 == pytest.approx(np.percentile(inputs, 50), abs=1)
    assert told.output.p99 == pytest.approx(np.percentile(outputs, 99), abs=1)
    assert told.output.square_cv == pytest.approx(outputs.var() / outputs.mean() ** 2)
    assert told.arrival_square_cv == pytest.approx(gaps.var() / gaps.mean() ** 2)
    assert told.peak_to_mean == pytest.approx(minutes.max() / minutes.mean())
    assert told.dispersion == pytest.approx(minutes.var() / minutes.mean())
    assert told.dispersion == pytest.approx(1.0, abs=0.6)


def test_a_quiet_minute_is_a_minute(tmp_path: Path) -> None:
    told = describe(trace(tmp_path, [(0.0, 1, 1), (10.0, 1, 1), (130.0, 1, 1), (200.0, 1, 1)]).pieces())
    # Minutes of 2, 0 and 1; the last one is a part.
    assert told.peak_to_mean == pytest.approx(2.0)
    assert told.dispersion == pytest.approx((4 / 3 + 1 / 3 - 1.0) / 1.0)


def test_too_few_arrivals_leave_figures_unknown(tmp_path: Path) -> None:
    told = describe(trace(tmp_path, [(3.0, 5, 7)]).pieces())
    assert (told.requests_per_s, told.arrival_square_cv, told.dispersion, told.prefix_reuse) == (None,) * 4
    assert (told.input.mean, told.output.p99) == (5.0, 7.0)
    assert describe(trace(tmp_path, [(0.0, 5, 7), (5e-324, 5, 7)]).pieces()).requests_per_s is None


def test_gaps_that_are_all_alike_do_not_vary(tmp_path: Path) -> None:
    told = describe(trace(tmp_path, [(at / 10, 100, 20) for at in range(3000)]).pieces())
    assert told.arrival_square_cv == 0.0


def test_prefix_reuse_counts_blocks_from_the_start_of_prompts(tmp_path: Path) -> None:
    rows = [([1, 2, 3], 1300), ([1, 2, 4], 1536), ([9, 2, 3], 1536), ([1, 2, 3], 1300)]
    lines = [
        json.dumps({"timestamp": at, "input_length": tokens, "output_length": 1, "hash_ids": hashes})
        for at, (hashes, tokens) in enumerate(rows)
    ]
    (tmp_path / "trace").write_text("\n".join(lines), encoding="utf-8")
    told = describe(Trace(file=tmp_path / "trace", format=Format.MOONCAKE).pieces())
    # Two blocks of the second, none of the third, and all of the fourth, whose last block is a part.
    assert told.prefix_reuse == pytest.approx((1024 + 0 + 1300) / (1300 + 1536 + 1536 + 1300))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_percentiles_are_within_half_a_per_cent(scale: float) -> None:
    values = np.random.default_rng(1).lognormal(0.0, 1.5, 20_000) * scale
    kept = Quantiles()
    for part in np.array_split(values, 7):
        kept.add(part)
    assert kept.mean == pytest.approx(values.mean())
    for percentile in (1.0, 50.0, 95.0, 99.0, 99.9):
        assert kept.at(percentile) == pytest.approx(np.percentile(values, percentile, method="inverted_cdf"), rel=0.006)
    assert (kept.at(100.0) or 0.0) <= values.max()


def test_nothing_has_no_percentile() -> None:
    kept = Quantiles()
    assert (kept.mean, kept.at(50.0)) == (None, None)
    kept.add(np.zeros(3))
    assert kept.at(50.0) == 0.0


@pytest.mark.parametrize("odd", ['"9",5,5', "9, 5 ,5", "9,5,5\n", "9.0,5e0,5"])
def test_lines_count_on_where_one_has_to_be_looked_at_more_closely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    monkeypatch.setattr(traces, "_PIECE", 4)
    rows = [*(f"{at},5,5" for at in range(9)), odd, *(f"{at},5,5" for at in range(10, 20))]
    file = tmp_path / "trace.csv"
    file.write_text("arrival_s,input_tokens,output_tokens\n" + "\n".join(rows) + "\n")
    found = Trace(file=file, format=Format.CSV)
    assert [at for piece in found.pieces() for at in piece.arrival_s.tolist()] == [float(at) for at in range(20)]
    file.write_text(file.read_text() + "20,none,5\n")
    line = len(file.read_text().splitlines())
    with pytest.raises(OptionError, match=f":{line}: the request has input_tokens 'none'"):
        list(found.pieces())
