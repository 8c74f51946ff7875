"""Serving over the network, the tokens of those who are served, and who asked for what."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path
from typing import Any

import click

from adjudicator.words import text
from commands.books import DAY, person_option, scheme_option
from commands.shared import Decimals, err, language_option, out, told
from commands.shared import t as _t

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(invoke_without_command=True, help=_t("serve.help"), epilog=_t("serve.example"))
@click.option("--fhir", is_flag=True, help=_t("serve.fhir"))
@click.option("--host", default="127.0.0.1", show_default=True, help=_t("serve.host"))
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help=_t("serve.port"))
@click.option("--base", help=_t("serve.base"))
@click.option("--profile", default="base", show_default=True, help=_t("serve.profile"))
@click.option(
    "--flavour", type=click.Choice(("standard", "openimis")), default="standard", help=_t("serve.flavour")
)
@click.option("--rate", type=Decimals(0.1, 100_000), default=25.0, show_default=True, help=_t("serve.rate"))
@click.option("--certificate", type=FILE, help=_t("serve.certificate"))
@click.option("--key", type=FILE, help=_t("serve.key"))
@scheme_option
@person_option
@language_option
@click.pass_context
def serve(context: click.Context, /, **options: Any) -> None:
    """Serve facilities over the network."""
    if context.invoked_subcommand is not None:
        return
    if not options.pop("fhir"):
        raise click.UsageError(_t("serve.which"))
    if (options["certificate"] is None) != (options["key"] is None):
        raise click.UsageError(_t("serve.both"))
    _serve(**options)


def _serve(
    host: str,
    port: int,
    base: str | None,
    profile: str,
    flavour: str,
    rate: float,
    certificate: Path | None,
    key: Path | None,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    import logging

    import uvicorn

    from adjudicator.books.books import open_books, who
    from adjudicator.books.submission.counter import Counter
    from adjudicator.fhir.systems import Flavour
    from adjudicator.web.fhir.app import make_app
    from adjudicator.web.fhir.settings import Settings
    from ingest.fhir.claim import read_claim
    from ingest.fhir.profile import find_profile

    with told(language):
        _try_address(host, port)
        _try_certificate(certificate, key)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with told(language), open_books(scheme) as books:
        settings = Settings(
            base=base.rstrip("/") if base else None,
            profile=find_profile(profile),
            flavour=Flavour(flavour),
            language=language,
            rate=rate,
            burst=max(1, round(rate * 4)),
        )
        counter = Counter(books, who(by))
        with err().status(text("cli.serve.warming", language)):
            counter.warm()
            read_claim(b"{}", settings.profile)
        left_out = counter.prepared().left_out
        address = f"{'https' if certificate else 'http'}://{host}:{port}"
        out().print(text("cli.serve.at", language, address=f"{base or address}/fhir"), soft_wrap=True)
        if left_out:
            said = text("cli.serve.left_out", language, count=len(left_out), rules=", ".join(left_out))
            err().print(said, style="yellow")
        if certificate is None and not _is_here(host):
            err().print(text("cli.serve.in_the_clear", language, host=host), style="yellow")
        uvicorn.run(
            make_app(counter, settings),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            backlog=1024,
            limit_concurrency=4 * settings.waiting,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=round(settings.patience),
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )


def _try_address(host: str, port: int) -> None:
    """Make sure that the port is free, before the books are read, which takes a while."""
    import socket

    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise click.BadParameter(_t("serve.no_host", host=host), param_hint="--host") from None
    with socket.socket(family, kind) as tried:
        # As the server does: a port that was given up a moment ago is free.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind(address)


def _try_certificate(certificate: Path | None, key: Path | None) -> None:
    import ssl

    if certificate is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except ssl.SSLError:
        raise click.BadParameter(_t("serve.bad_certificate"), param_hint="--certificate") from None


def _is_here(host: str) -> bool:
    """Tell whether an address is one of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# Tokens.


@serve.group("token", help=_t("serve.token.help"))
def token() -> None:
    """Look after the tokens of facilities."""


@token.command("add", help=_t("serve.token.add.help"), epilog=_t("serve.token.add.example"))
@click.argument("facility")
@click.option("--note", help=_t("serve.token.note"))
@click.option("--expires", type=DAY, help=_t("serve.token.expires"))
@scheme_option
@person_option
@language_option
def token_add(
    facility: str,
    note: str | None,
    expires: dt.datetime | None,
    scheme: Path,
    by: str | None,
    language: str,
) -> None:
    """Give a facility a token."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.submission.tokens import add_token

    if expires is not None and expires.date() < dt.datetime.now(dt.UTC).date():
        raise click.BadParameter(_t("serve.token.over", day=expires.date()), param_hint="--expires")
    with told(language), open_books(scheme) as books:
        name, given = add_token(books, facility, who(by), note, expires.date() if expires else None)
    # The token alone goes to the output, so that it can be taken from there.
    err().print(text("cli.serve.token.added", language, token=name, facility=facility))
    click.echo(given)


@token.command("list", help=_t("serve.token.list.help"))
@click.option("--facility", help=_t("serve.of_facility"))
@scheme_option
@language_option
def token_list(facility: str | None, scheme: Path, language: str) -> None:
    """List tokens."""
    from adjudicator.books.books import open_books
    from adjudicator.books.submission.tokens import tokens
    from adjudicator.presentation.serve import print_tokens

    with told(language), open_books(scheme) as books:
        found = tokens(books, facility)
    print_tokens(out(), found, dt.datetime.now(dt.UTC).date(), language)


@token.command("revoke", help=_t("serve.token.revoke.help"))
@click.argument("token")
@scheme_option
@person_option
@language_option
def token_revoke(token: str, scheme: Path, by: str | None, language: str) -> None:
    """Take a token back."""
    from adjudicator.books.books import open_books, who
    from adjudicator.books.submission.tokens import revoke_token

    with told(language), open_books(scheme) as books:
        done = revoke_token(books, token, who(by))
    out().print(text("cli.serve.token.revoked", language, token=token, facility=done.facility))


# Who asked for what.


@serve.command("audit", help=_t("serve.audit.help"), epilog=_t("serve.audit.example"))
@click.option("--facility", help=_t("serve.of_facility"))
@click.option("--subject", help=_t("serve.audit.subject"))
@click.option("--since", type=DAY, help=_t("serve.audit.since"))
@click.option(
    "--last", "most", type=click.IntRange(1), default=100, show_default=True, help=_t("serve.audit.last")
)
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", help=_t("serve.audit.format")
)
@scheme_option
@language_option
def audit(
    facility: str | None,
    subject: str | None,
    since: dt.datetime | None,
    most: int,
    form: str,
    scheme: Path,
    language: str,
) -> None:
    """List who asked for what."""
    import json

    from adjudicator.books.books import open_books
    from adjudicator.books.submission.audit import accesses
    from adjudicator.presentation.serve import print_accesses

    with told(language), open_books(scheme) as books:
        found = accesses(books, facility, subject, since.date().isoformat() if since else None, most)
    if form == "json":
        for access in found:
            click.echo(json.dumps(vars(access), ensure_ascii=False))
    else:
        print_accesses(out(), found, language)
