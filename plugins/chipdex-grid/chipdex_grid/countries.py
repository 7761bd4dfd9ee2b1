"""Codes of the countries whose grids the package ships: ISO 3166, two letters and three."""

from typing import Final

# fmt: off
CODES: Final = {
    "AE": "ARE", "AR": "ARG", "AT": "AUT", "AU": "AUS", "BE": "BEL", "BG": "BGR", "BH": "BHR",
    "BR": "BRA", "CA": "CAN", "CH": "CHE", "CL": "CHL", "CN": "CHN", "CO": "COL", "CY": "CYP",
    "CZ": "CZE", "DE": "DEU", "DK": "DNK", "EE": "EST", "EG": "EGY", "ES": "ESP", "FI": "FIN",
    "FR": "FRA", "GB": "GBR", "GR": "GRC", "HK": "HKG", "HR": "HRV", "HU": "HUN", "ID": "IDN",
    "IE": "IRL", "IL": "ISR", "IN": "IND", "IS": "ISL", "IT": "ITA", "JP": "JPN", "KE": "KEN",
    "KR": "KOR", "KW": "KWT", "KZ": "KAZ", "LT": "LTU", "LU": "LUX", "LV": "LVA", "MA": "MAR",
    "MD": "MDA", "MT": "MLT", "MX": "MEX", "MY": "MYS", "NG": "NGA", "NL": "NLD", "NO": "NOR",
    "NZ": "NZL", "OM": "OMN", "PE": "PER", "PH": "PHL", "PK": "PAK", "PL": "POL", "PR": "PRI",
    "PT": "PRT", "QA": "QAT", "RO": "ROU", "RS": "SRB", "RU": "RUS", "SA": "SAU", "SE": "SWE",
    "SG": "SGP", "SI": "SVN", "SK": "SVK", "TH": "THA", "TR": "TUR", "TW": "TWN", "UA": "UKR",
    "US": "USA", "UY": "URY", "VN": "VNM", "ZA": "ZAF",
}
# fmt: on
"""Two letters, as regions are named, -> the three that Ember uses."""
