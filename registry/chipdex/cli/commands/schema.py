"""`chipdex schema`: the JSON Schema of a kind of profile, for editors."""

import click

from chipdex.cli import streams
from chipdex.cli.options import no_plugins_option


@click.command()
@click.argument("kind", metavar="KIND")
@no_plugins_option
def schema(kind: str) -> None:
    """Print the JSON Schema of a KIND of profiles: devices, models, workloads, measurements, offers, grids or facts.

    An editor that reads it completes keys, shows what they mean, and underlines what `chipdex lint` would refuse.
    """
    from chipdex.codec.json_schema import dumps_json_schema  # noqa: PLC0415 - costs cattrs

    streams.write(dumps_json_schema(kind.strip().lower()))
