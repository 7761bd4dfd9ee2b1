"""What is read of Verda's instance types, and what is not."""

import pytest

from chipdex.api import DateBasis, FetchError, OfferState, Term

CREDENTIALS = {"VERDA_CLIENT_ID": "the-client-id", "VERDA_CLIENT_SECRET": "the-client-secret"}


@pytest.fixture
def h100(verda):
    return verda.instance_type("8H100.80S.240V", "H100 SXM5 80GB", 8, 640, "31.60", "13.60")


def test_a_price_is_of_the_whole_instance_with_its_host(verda, refresh, h100):
    verda.types = [h100]
    verda.places["false"] = [{"location_code": "FIN-03", "availabilities": ["8H100.80S.240V"]}]
    offer = refresh.offers()[0]
    assert offer.id == "verda/8h100.80s.240v/fin-03/on-demand/nvidia/h100-sxm"
    assert (offer.usd_per_hour, offer.count, offer.region, offer.host_included) == (31.6, 8, "FIN-03", True)
    assert (offer.state, offer.date_basis, offer.currency) == (OfferState.OK, DateBasis.READ_ON, "USD")
    assert offer.fetched_at == refresh.context.clock()


def test_the_memory_is_that_of_the_whole_node(verda, refresh):
    verda.types = [
        verda.instance_type("2A100.44V", "A100 SXM4 80GB", 2, 160, "2.58", None),
        verda.instance_type("4A100.40S.88V", "A100 SXM4 40GB", 4, 160, "2.88", None),
    ]
    assert {offer.instance: offer.accelerator for offer in refresh.offers()} == {
        "2A100.44V": "nvidia/a100-sxm-80",
        "4A100.40S.88V": "nvidia/a100-sxm-40",
    }


def test_on_demand_and_spot_are_where_each_can_be_had(verda, refresh, h100):
    verda.types = [h100]
    verda.places["false"] = [{"location_code": "FIN-01", "availabilities": []}]
    verda.places["true"] = [
        {"location_code": "FIN-02", "availabilities": ["8H100.80S.240V", "1B200.30V"]},
        {"location_code": "ICE-01", "availabilities": ["8H100.80S.240V"]},
    ]
    assert [(offer.term, offer.region, offer.usd_per_hour, offer.note) for offer in refresh.offers()] == [
        (Term.ON_DEMAND, "unspecified", 31.6, "nowhere available at the moment"),
        (Term.SPOT, "FIN-02", 13.6, None),
        (Term.SPOT, "ICE-01", 13.6, None),
    ]


def test_a_type_without_a_spot_price_has_no_spot_offer(verda, refresh):
    verda.types = [verda.instance_type("1L40S.20V", "L40S 48GB", 1, 48, "0.9", None)]
    assert [offer.term for offer in refresh.offers()] == [Term.ON_DEMAND]
    assert refresh.refused == []


def test_types_without_gpus_are_left_out(verda, refresh):
    verda.types = [verda.instance_type("CPU.4V.16G", "", 0, 0, "0.03", "0.01")]
    assert refresh.offers() == []
    assert not refresh.unknown


@pytest.mark.parametrize(
    ("description", "memory_gb", "device"),
    [
        ("B200 SXM6 180GB", 180, "nvidia/b200-sxm"),
        ("B300 SXM6 262GB", 262, "nvidia/b300-sxm"),
        ("H200 SXM5 141GB", 141, "nvidia/h200-sxm"),
        ("H100 SXM5 80GB", 80, "nvidia/h100-sxm"),
        ("A100 SXM4 80GB", 80, "nvidia/a100-sxm-80"),
        ("A100 SXM4 40GB", 40, "nvidia/a100-sxm-40"),
        ("RTX6000 Ada 48GB", 48, "nvidia/rtx-6000-ada"),
        ("RTX 6000 Ada 48GB", 48, "nvidia/rtx-6000-ada"),
        ("RTX 6000 Ada", 48, "nvidia/rtx-6000-ada"),
        ("RTX PRO 6000 96GB", 96, "nvidia/rtx-pro-6000-blackwell-server"),
        ("RTX A6000 48GB", 48, "nvidia/rtx-a6000"),
        ("Tesla V100 16GB", 16, "nvidia/v100-sxm-16"),
        ("NVidia Tesla V100 16GB", 16, "nvidia/v100-sxm-16"),
        ("L40S 48GB", 48, "nvidia/l40s"),
    ],
)
def test_every_spelling_is_a_device_of_the_registry(verda, refresh, description, memory_gb, device):
    verda.types = [verda.instance_type("1X", description, 1, memory_gb, "1", None)]
    assert [offer.accelerator for offer in refresh.offers()] == [device]


def test_a_gpu_that_nobody_knows_is_counted(verda, refresh):
    verda.types = [verda.instance_type("1X900.30V", "X900 SXM9 512GB", 1, 512, "9", "1")]
    assert refresh.offers() == []
    assert refresh.unknown == {"X900 SXM9 (512 GB)": 1}


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "on request", None, True, float("inf")])
def test_a_price_that_cannot_be_is_refused(verda, refresh, price):
    verda.types = [verda.instance_type("1H100.80S.30V", "H100 SXM5 80GB", 1, 80, price, "1.7")]
    assert [offer.term for offer in refresh.offers()] == [Term.SPOT]
    assert [reason.partition(" is ")[0] for _, reason in refresh.refused] == ["price_per_hour"]


def test_a_number_of_gpus_that_the_description_contradicts_is_refused(verda, refresh, h100):
    h100["gpu"]["number_of_gpus"] = 4
    verda.types = [h100]
    assert refresh.offers() == []
    assert [reason for _, reason in refresh.refused] == ["has 4 GPUs by their number and 8 by their description"]


def test_another_currency_is_kept_with_its_rate(verda, refresh):
    verda.types = [verda.instance_type("1L40S.20V", "L40S 48GB", 1, 48, "0.9", None, currency="eur")]
    (offer,) = refresh.offers()
    assert (offer.usd_per_hour, offer.currency, offer.rate_to_usd) == (0.9, "EUR", 1.1)


def test_without_credentials_no_token_is_asked_for(verda, refresh, h100):
    verda.types = [h100]
    refresh.offers()
    assert verda.asked == ["instance-types", "instance-availability", "instance-availability"]


def test_an_address_that_answers_401_gets_a_token(verda, refresh, h100):
    verda.types, verda.tokens = [h100], set()
    refresh.having(settings=CREDENTIALS)
    assert len(refresh.offers()) == 2
    availability = ["instance-availability"] * 2
    assert verda.asked == ["instance-types", "token", "instance-types", *availability]


def test_a_token_that_has_run_out_is_renewed_once(verda, refresh, h100):
    def forget_tokens(said):
        if verda.asked.count("token") == 1 and said == "Verda: instance-availability":
            verda.tokens.clear()

    verda.types, verda.tokens = [h100], set()
    refresh.having(settings=CREDENTIALS, progress=forget_tokens)
    assert len(refresh.offers()) == 2
    assert verda.asked.count("token") == 2


def test_tokens_that_never_hold_are_an_error(verda, refresh, h100):
    verda.types, verda.tokens = [h100], set()
    refresh.having(settings=CREDENTIALS, progress=lambda _said: verda.tokens.clear())
    with pytest.raises(FetchError, match="answered 401"):
        refresh.offers()
    assert verda.asked.count("token") == 1


def test_an_address_that_wants_a_key_says_which(verda, refresh, h100):
    verda.types, verda.tokens = [h100], set()
    with pytest.raises(FetchError, match=r"401.*VERDA_CLIENT_ID"):
        refresh.offers()


def test_a_wrong_secret_is_an_error_without_it(verda, refresh, h100):
    verda.types, verda.tokens = [h100], set()
    refresh.having(settings={**CREDENTIALS, "VERDA_CLIENT_SECRET": "the-wrong-secret"})
    with pytest.raises(FetchError, match="answered 401") as raised:
        refresh.offers()
    assert "the-wrong-secret" not in str(raised.value)


def test_where_availability_is_told_to_customers_only_the_prices_stay(verda, refresh, h100):
    verda.types, verda.open_places = [h100], False
    told = {(offer.region, offer.note) for offer in refresh.offers()}
    assert told == {("unspecified", "where it is available is told with a key only")}


@pytest.mark.parametrize("key", ["instance_type", "price_per_hour", "spot_price", "gpu", "gpu_memory"])
def test_a_renamed_key_is_an_error_that_names_it(verda, refresh, h100, key):
    h100[f"{key}_v2"] = h100.pop(key)
    verda.types = [h100]
    with pytest.raises(FetchError, match=f'has no key "{key}"'):
        refresh.offers()


@pytest.mark.parametrize("key", ["location_code", "availabilities"])
def test_a_renamed_key_of_the_availability_is_one_too(verda, refresh, h100, key):
    place = {"location_code": "FIN-01", "availabilities": []}
    place[f"{key}_v2"] = place.pop(key)
    verda.types, verda.places["true"] = [h100], [place]
    with pytest.raises(FetchError, match=f'has no key "{key}"'):
        refresh.offers()


def test_an_answer_that_is_no_list_is_an_error(verda, refresh):
    verda.types = {"data": []}
    with pytest.raises(FetchError, match="the list of instance types is a dict, not a list"):
        refresh.offers()
