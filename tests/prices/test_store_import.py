"""A CSV of one's own prices: what resolves is kept, what does not is told with its line."""

import datetime as dt

import pytest
from fakes.quotes import DAY, NOON

from chipdex.domain import OfferState, Term
from chipdex.errors import OptionError, StorageError
from chipdex.prices.importing import import_csv
from chipdex.prices.store import PriceStore

HEADER = "provider,instance,accelerator,accelerator_memory_gb,count,region,term,usd_per_hour,as_of,source\n"
GOOD = 'acme,"big, box",H100,80,8,here,reserved-1y,12.5,2026-11-01,offer of March\n'
KNOWN = {("H100", 80.0): "nvidia/h100-sxm", ("L4", None): "nvidia/l4"}


@pytest.fixture
def store(tmp_path):
    with PriceStore(tmp_path / "prices.sqlite") as opened:
        yield opened


@pytest.fixture
def bring(tmp_path, store):
    def run(text, now=NOON):
        file = tmp_path / "mine.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_csv(store, file, lambda name, memory: KNOWN.get((name, memory)), now=now)

    return run


def test_a_row_becomes_an_offer_with_its_own_source(bring, store):
    brought = bring("\ufeff" + HEADER + GOOD + "acme,one,L4,,1,there,On-Demand,0.7,2026-11-02,https://acme.example\n")
    assert (brought.problems, brought.kept.new) == ((), 2)
    cheap, big = store.current(accelerators=("nvidia/l4",)), store.current(accelerators=("nvidia/h100-sxm",))
    (one,), (eight,) = cheap, big
    assert (eight.instance, eight.count, eight.term, eight.usd_per_hour) == ("big, box", 8, Term.RESERVED_1Y, 12.5)
    assert (eight.as_of, eight.fetched_at, eight.id) == (
        dt.date(2026, 11, 1),
        NOON,
        "acme/big-box/here/reserved-1y/nvidia/h100-sxm",
    )
    assert [source.title for source in eight.sources.values()] == ["offer of March"]
    assert [source.url for source in one.sources.values()] == ["https://acme.example"]


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("accelerator", "H1000", "'H1000' is no accelerator"),
        ("accelerator_memory_gb", "much", "'much' is no number above 0"),
        ("accelerator_memory_gb", "40", "'H100' is no accelerator"),
        ("count", "0", "'0' is no whole number above 0"),
        ("count", "1.5", "'1.5' is no whole number"),
        ("count", "9999999999999999999999", "is no whole number"),
        ("term", "forever", "'forever' is no term"),
        ("usd_per_hour", "0", "'0' is no number above 0"),
        ("usd_per_hour", "nan", "'nan' is no number above 0"),
        ("usd_per_hour", "2,99", "'2,99' is no number above 0"),
        ("as_of", "01.11.2026", "'01.11.2026' is no date"),
        ("as_of", "2027-01-01", "has not been yet"),
        ("region", "", "It is empty"),
        ("source", " ", "It is empty"),
    ],
)
def test_a_row_that_is_no_offer_is_told_with_its_line_and_the_rest_is_kept(bring, store, column, cell, message):
    cells = dict(
        zip(HEADER.strip().split(","), ["a", "b", "H100", "80", "8", "c", "spot", "1", "2026-11-01", "d"], strict=True)
    )
    row = ",".join(f'"{text}"' for text in (cells | {column: cell}).values())
    brought = bring(HEADER + 'x,"two\nlines",L4,,1,r,spot,1,2026-11-01,s\n' + row + "\n" + GOOD)
    (problem,) = brought.problems
    assert problem.line == 4
    assert message in problem.message
    assert problem.fix
    assert brought.kept.rows == 2
    assert [one.row[column] for one in store.refused("import")] == [cell]


def test_a_name_that_nobody_knows_is_counted(bring, store):
    bring(HEADER + GOOD.replace("H100", "H9") + GOOD.replace("H100", "H9"))
    assert [(one.source, one.name, one.rows) for one in store.unknown()] == [("import", "H9", 2)]


def test_a_row_that_is_there_twice_or_has_too_many_cells_is_told(bring):
    brought = bring(HEADER + GOOD + GOOD + GOOD.replace("\n", ",more\n"))
    assert [(problem.line, problem.message) for problem in brought.problems] == [
        (3, "Line 2 gives the same offer."),
        (4, "It has more cells than the header."),
    ]
    assert brought.kept.rows == 1


def test_a_second_file_adds_to_the_first_and_replaces_what_both_have(bring, store):
    bring(HEADER + GOOD + "acme,one,L4,,1,there,spot,0.7,2026-11-02,x\n")
    bring(HEADER + GOOD.replace("12.5", "11"), NOON + 31 * DAY)
    found = {offer.instance: offer for offer in store.current(now=NOON + 31 * DAY)}
    assert {name: (offer.usd_per_hour, offer.state) for name, offer in found.items()} == {
        "big, box": (11, OfferState.OK),
        "one": (0.7, OfferState.STALE),
    }
    assert [seen.offer.usd_per_hour for seen in store.history(found["big, box"].id)] == [12.5, 11]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks provider, instance"),
        (HEADER.replace("term,", ""), "lacks term"),
        (HEADER.replace("term", "term,colour"), "has 'colour'"),
        (HEADER.encode() + b"\xff\xfe", "is not UTF-8"),
        (HEADER + 'a,"b\n', "is not CSV"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_whole(bring, store, text, message):
    with pytest.raises(OptionError, match=message) as caught:
        bring(text)
    assert caught.value.fix
    assert store.sources() == ()


def test_a_file_that_cannot_be_read_is_named(store, tmp_path):
    with pytest.raises(StorageError, match=r"none\.csv cannot be read: No such file"):
        import_csv(store, tmp_path / "none.csv", lambda _name, _memory: None, now=NOON)
    with pytest.raises(StorageError, match="Is a directory"):
        import_csv(store, tmp_path, lambda _name, _memory: None, now=NOON)
