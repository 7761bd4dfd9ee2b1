"""A server that answers as AWS's price documents do: odd keys, prices as text, packed bodies that nothing announces."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import attrs
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

LOCATIONS = {
    "us-east-1": ("US East (N. Virginia)", "AWS Region"),
    "eu-west-1": ("EU (Ireland)", "AWS Region"),
    "me-south-1": ("Middle East (Bahrain)", "AWS Region"),
    "us-gov-west-1": ("AWS GovCloud (US-West)", "AWS Region"),
    "us-west-2-lax-1": ("US West (Los Angeles)", "AWS Local Zone"),
}

Prices = Mapping[str, str]


@attrs.define
class FakePricingPage:
    """The documents behind the pricing page: one per region that has one, under the region's display name."""

    prices: Mapping[str, Prices] = attrs.field(factory=dict)
    packed: bool = True
    manifest: Mapping[str, str] = attrs.field(factory=lambda: {"hawkFilePublicationDate": "2026-11-19T17:52:47Z"})

    def serve(self, server: HTTPServer) -> None:
        """Answer at `/locations` and below `/prices`; a region without prices has no document."""
        places = {
            name: {"name": name, "code": code, "type": kind, "continent": "any"}
            for code, (name, kind) in LOCATIONS.items()
        }
        server.expect_request("/locations").respond_with_json(places)
        for code, (name, _kind) in LOCATIONS.items():
            document = server.expect_request(f"/prices/{name}/Linux/index.json")
            if code in self.prices:
                document.respond_with_data(self.body(name, self.prices[code]))
            else:
                document.respond_with_data("<Error><Code>NoSuchKey</Code></Error>", status=404)

    def body(self, name: str, prices: Prices) -> bytes:
        """Return a region's document, packed without a word about it."""
        rows = {
            f"{kind.replace('.', ' ')} {name} Linux": {
                "rateCode": "A.B.C",
                "price": price,
                "Location": name,
                "Instance Type": kind,
                "vCPU": "16",
                "Memory": "256 GiB",
            }
            for kind, price in prices.items()
        }
        body = json.dumps({"manifest": self.manifest, "regions": {name: rows}, "sets": {}}).encode()
        return gzip.compress(body) if self.packed else body


def spot_feed(prices: Mapping[str, Prices]) -> dict[str, Any]:
    """Return the spot prices by the regions' legacy keys; a price may be `N/A*`."""
    return {
        "vers": 0.01,
        "config": {
            "rate": "perhr",
            "valueColumns": ["linux", "mswin"],
            "currencies": ["USD"],
            "regions": [
                {"region": region, "instanceTypes": [{"type": "any", "sizes": [_size(*one) for one in sizes.items()]}]}
                for region, sizes in prices.items()
            ],
        },
    }


def _size(kind: str, price: str) -> dict[str, Any]:
    columns = [{"name": "linux", "prices": {"USD": price}}, {"name": "mswin", "prices": {"USD": "N/A*"}}]
    return {"size": kind, "valueColumns": columns}


def advisor(rates: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return the spot advisor's document: the band of each type by region."""
    bands = [("<5%", 5), ("5-10%", 11), ("10-15%", 16), ("15-20%", 22), (">20%", 100)]
    return {
        "ranges": [
            {"index": number, "label": label, "dots": number, "max": most} for number, (label, most) in enumerate(bands)
        ],
        "instance_types": {},
        "spot_advisor": {
            region: {"Linux": {kind: {"s": 57, "r": band} for kind, band in kinds.items()}, "Windows": {}}
            for region, kinds in rates.items()
        },
    }


COLUMNS = (
    "SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "StartingRange",
    "EndingRange", "Unit", "PricePerUnit", "Currency", "RelatedTo", "LeaseContractLength", "PurchaseOption",
    "OfferingClass", "Product Family", "serviceCode", "Location", "Location Type", "Instance Type",
    "Current Generation", "Instance Family", "vCPU", "Physical Processor", "Clock Speed", "Memory", "Storage",
    "Network Performance", "Processor Architecture", "Tenancy", "EBS Optimized", "Operating System",
    "License Model", "Provisioned", "CapacityStatus", "GPU", "GPU Memory", "Pre Installed S/W", "Region Code",
    "MarketOption", "usageType", "operation",
)  # fmt: skip

PREAMBLE = (
    '"FormatVersion","v1.0"',
    '"Disclaimer","This pricing list is for informational purposes only. All prices are subject to ""terms""."',
    '"Publication Date","2026-11-20T19:02:27Z"',
    '"Version","20261120190227"',
    '"OfferCode","AmazonEC2"',
)


def line(sku: str, kind: str, price: str, **changes: str) -> str:
    """Return a row of the bulk list: on demand unless changed; keys of changes may have `_` for a space."""
    cells = dict.fromkeys(COLUMNS, "") | {
        "SKU": sku, "OfferTermCode": "JRTCKXETXF", "TermType": "OnDemand", "Unit": "Hrs", "PricePerUnit": price,
        "Currency": "USD", "Location": "US East (N. Virginia)", "Region Code": "us-east-1", "Instance Type": kind,
        "Tenancy": "Shared", "Operating System": "Linux", "CapacityStatus": "Used", "Pre Installed S/W": "NA",
        "MarketOption": "OnDemand", "PriceDescription": f'${price} per On Demand Linux {kind}, "shared"',
    }  # fmt: skip
    cells |= {key.replace("_", " "): value for key, value in changes.items()}
    assert len(cells) == len(COLUMNS), changes
    return ",".join('"{}"'.format(value.replace('"', '""')) for value in cells.values())


def reserved(sku: str, kind: str, term: str, price: str, **changes: str) -> str:
    """Return a row of a reservation: for one year, nothing up front, unless changed."""
    about = {"LeaseContractLength": "1yr", "PurchaseOption": "No Upfront", "OfferingClass": "standard"}
    return line(sku, kind, price, **{"TermType": "Reserved", "OfferTermCode": term, **about, **changes})


def header() -> str:
    """Return the line of the columns' names."""
    return ",".join(f'"{name}"' for name in COLUMNS)


def bulk_list(rows: Sequence[str]) -> str:
    """Return a region's bulk list: five lines, the header, the rows."""
    return "\n".join([*PREAMBLE, header(), *rows]) + "\n"


def filler(number: int) -> Iterator[str]:
    """Yield rows that a list is full of: other systems, other tenancies, processors only."""
    for index in range(number):
        kind = f"m{index % 7 + 1}.{index % 24 + 1}xlarge"
        yield line(
            f"FILL{index:012}", kind, "0.0960000000", RateCode=f"FILL{index:012}.JRTCKXETXF.6YS6EN2CT7",
            PriceDescription=f"$0.096 per On Demand Windows {kind} Instance Hour " + "x" * 200,
            Operating_System=("Windows", "RHEL", "SUSE", "Linux")[index % 4], usageType=f"BoxUsage:{kind}" + "y" * 300,
            Tenancy=("Dedicated", "Host", "Shared")[index % 3], Storage="EBS only", operation="RunInstances:0010",
        )  # fmt: skip


def savings_plans(rates: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return a region's savings plans: `1yr No Upfront` to the hourly price of each EC2 SKU."""
    skus = {name: f"PLAN{number}" for number, name in enumerate(rates)}
    return {
        "version": "20261120190227",
        "publicationDate": "2026-11-20T19:10:00Z",
        "products": [
            {
                "sku": sku,
                "productFamily": "ComputeSavingsPlans",
                "serviceCode": "ComputeSavingsPlans",
                "attributes": {"purchaseTerm": name.split(" ", 1)[0], "purchaseOption": name.split(" ", 1)[1]},
            }
            for name, sku in skus.items()
        ],
        "terms": {
            "savingsPlan": [
                {
                    "sku": skus[name],
                    "description": "a plan [with {brackets",
                    "leaseContractLength": {"duration": 1, "unit": "year"},
                    "rates": [
                        {"discountedSku": sku, "discountedRate": {"price": price, "currency": "USD"}, "unit": "Hrs"}
                        for sku, price in prices.items()
                    ],
                }
                for name, prices in rates.items()
            ]
        },
    }


@attrs.define
class FakePriceList:
    """The bulk host: region indexes with relative addresses, a CSV per region, savings plans per region."""

    lists: Mapping[str, Sequence[str]]
    plans: Mapping[str, Any] = attrs.field(factory=dict)
    indent: int | None = 2
    asked: list[str] = attrs.field(factory=list)

    def serve(self, server: HTTPServer) -> None:
        """Answer below `/list`."""
        offers, plans = "/offers/v1.0/aws/AmazonEC2", "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan"
        regions = {
            code: {"regionCode": code, "currentVersionUrl": f"{offers}/20261120/{code}/index.json"}
            for code in self.lists
        }
        index = {
            "formatVersion": "v1.0",
            "disclaimer": "",
            "publicationDate": "2026-11-20T19:02:27Z",
            "regions": regions,
        }
        server.expect_request(f"/list{offers}/current/region_index.json").respond_with_json(index)
        listed = [{"regionCode": code, "versionUrl": f"{plans}/2026/{code}/index.json"} for code in self.plans]
        server.expect_request(f"/list{plans}/current/region_index.json").respond_with_json({"regions": listed})
        for code, rows in self.lists.items():
            self._answer(server, f"/list{offers}/20261120/{code}/index.csv", bulk_list(rows))
        for code, body in self.plans.items():
            self._answer(server, f"/list{plans}/2026/{code}/index.json", json.dumps(body, indent=self.indent))

    def _answer(self, server: HTTPServer, path: str, text: str) -> None:
        def handler(request: Request) -> Response:
            self.asked.append(request.path)
            return Response(text, content_type="application/octet-stream")

        server.expect_request(path).respond_with_handler(handler)


def encoded(name: str) -> str:
    """Return a display name as it stands in an address."""
    return quote(name, safe="()")
