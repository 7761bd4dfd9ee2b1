"""The built-in verbs: name, one line of help, and where the command lives. Importing this imports no command."""

from typing import Final, NamedTuple


class Verb(NamedTuple):
    """One built-in command; `target` is `module:attribute` and is imported when the verb is called."""

    name: str
    help: str
    target: str


_COMMANDS: Final = "chipdex.cli.commands"

SECTIONS: Final[dict[str, tuple[Verb, ...]]] = {
    "Answers": (
        Verb("best", "Rank the hardware that should run a model, with speed and cost.", f"{_COMMANDS}.best:best"),
        Verb("estimate", "Estimate one deployment, or a stream of them.", f"{_COMMANDS}.estimate:estimate"),
    ),
    "Decisions": (
        Verb("plan", "Find the cheapest fleet for a demand by the hour.", f"{_COMMANDS}.plan:plan"),
        Verb("simulate", "Replay a trace of requests through a fleet.", f"{_COMMANDS}.simulate:simulate_command"),
        Verb("own", "Say whether to buy hardware or rent it, and from when.", f"{_COMMANDS}.own:own_command"),
        Verb("queue", "Say how long requests wait in front of servers.", f"{_COMMANDS}.queue:queue"),
        Verb("split", "Say where requests should run: device, site, cloud.", f"{_COMMANDS}.split:split_command"),
        Verb("quality", "Say what accuracy is worth, and which change pays.", f"{_COMMANDS}.quality:quality_command"),
        Verb("lockin", "Say what being stuck with a vendor must be worth.", f"{_COMMANDS}.lockin:lockin_command"),
        Verb("carbon", "Say what a request emits, and what would cut it.", f"{_COMMANDS}.carbon:carbon_command"),
        Verb("lifetime", "Say what a model costs over its life.", f"{_COMMANDS}.lifetime:lifetime_command"),
        Verb(
            "sensitivity", "Say how sure a verdict is, and how long it holds.", f"{_COMMANDS}.sensitivity:sensitivity"
        ),
    ),
    "Proof": (
        Verb("validate", "Show predictions beside what was measured.", f"{_COMMANDS}.validate:validate"),
        Verb("calibrate", "Fit the estimators to the registry's measurements.", f"{_COMMANDS}.calibrate:calibrate"),
    ),
    "Registry": (
        Verb("devices", "List accelerators.", f"{_COMMANDS}.listings:devices"),
        Verb("models", "List models.", f"{_COMMANDS}.listings:models"),
        Verb("offers", "List prices of rented accelerators.", f"{_COMMANDS}.offers:offers"),
        Verb("prices", "Fetch current prices, and look at what was fetched.", f"{_COMMANDS}.prices:prices"),
        Verb("measurements", "List published measurements.", f"{_COMMANDS}.listings:measurements"),
        Verb("show", "Show one record, with the source of each figure.", f"{_COMMANDS}.show:show"),
        Verb("compare", "Put records side by side.", f"{_COMMANDS}.compare:compare"),
        Verb("resolve", "Find the id behind a vendor's or a cloud's name.", f"{_COMMANDS}.resolve:resolve"),
        Verb("sql", "Ask the registry's tables in SQL.", f"{_COMMANDS}.sql:sql"),
        Verb("export", "Write the registry's tables to a file.", f"{_COMMANDS}.export:export"),
    ),
    "Plugins": (
        Verb("plugins", "List, check, enable and disable plugins.", f"{_COMMANDS}.plugins:plugins"),
        Verb("install", "Install a plugin.", f"{_COMMANDS}.install:install"),
        Verb("uninstall", "Remove a plugin.", f"{_COMMANDS}.install:uninstall"),
    ),
    "Contributing": (
        Verb("new", "Start a device's or a model's profile, or a plugin.", f"{_COMMANDS}.new:new"),
        Verb("lint", "Check profiles and report every problem.", f"{_COMMANDS}.lint:lint"),
        Verb("preview", "Show a profile's page, its sibling, and where it would rank.", f"{_COMMANDS}.preview:preview"),
        Verb("schema", "Print the JSON Schema of a kind of profile, for editors.", f"{_COMMANDS}.schema:schema"),
    ),
    "This program": (
        Verb("config", "Show and change settings.", f"{_COMMANDS}.config:config"),
        Verb("cache", "Show and clear the cache.", f"{_COMMANDS}.cache:cache"),
        Verb("completion", "Print the completion script of a shell.", f"{_COMMANDS}.completion:completion"),
    ),
}
"""Heading of the help page -> its verbs, in the order they are printed."""

VERBS: Final[dict[str, Verb]] = {verb.name: verb for verbs in SECTIONS.values() for verb in verbs}
