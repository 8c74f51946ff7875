"""The group of commands for FHIR."""

from __future__ import annotations

import click

from commands.shared import t as _t

fhir = click.Group("fhir", help=_t("fhir.help"))
