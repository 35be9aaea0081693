"""The first commands: `init` writes the settings, `config check` reads them."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json
from dolibarr_loyalty.cli.output import say, show_facts, show_json, tell
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.config import Answers, Config, SecretFrom, write_initial
from dolibarr_loyalty.config.initial import VOUCHER_KEY_FILE, WEBHOOK_TOKEN_FILE
from dolibarr_loyalty.config.loading import FILE_NAME, FILE_VARIABLE
from dolibarr_loyalty.config.presets import PRESETS
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.errors import ConfigMistakes, InputError, Mistake
from dolibarr_loyalty.locales import LANGUAGES, Language, language


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    config = typer.Typer(help="Look at the settings.", no_args_is_help=True, rich_markup_mode=None)
    config.command("check")(check)
    app.add_typer(config, name="config")


def init(
    ctx: typer.Context,
    url: Annotated[
        str | None, typer.Option("--url", help="Dolibarr's address, such as https://erp.example.com.")
    ] = None,
    key_variable: Annotated[
        str, typer.Option("--key-variable", metavar="NAME", help="The environment variable of its API key.")
    ] = "DOLIBARR_API_KEY",
    shop: Annotated[str | None, typer.Option("--shop", metavar="NAME", help="The shop's name.")] = None,
    spoken: Annotated[
        str | None,
        typer.Option("--language", metavar="|".join(LANGUAGES), help="Of the comments and of the shop."),
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="ISO code, such as EUR.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="The shop's time zone.")] = None,
    country: Annotated[
        str | None, typer.Option("--country", metavar="CODE", help="The shop's country, such as DE.")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", help=f"A program: {', '.join(PRESETS)}.")] = "points",
    dry_run: DryRun = False,
) -> None:
    """Write a first loyalty.toml, with an explanation of every setting.

    Also makes the key from which voucher codes come, and a token for webhooks. Nothing is overwritten.

    \b
    Example:
      dolibarr-loyalty init --url https://erp.example.com --shop "Café Sonne" --language de
      dolibarr-loyalty init --preset stamps --dry-run
    """
    file = _file_to_write(setup_of(ctx))
    tongue = _language(spoken)
    if file.exists():
        raise InputError(f"{file} exists already. Nothing was changed; move it away to start anew.")
    if preset not in PRESETS:
        raise InputError(f"There is no preset {preset!r}. Choose one of: {', '.join(PRESETS)}.")
    files = [file, file.parent / VOUCHER_KEY_FILE, file.parent / WEBHOOK_TOKEN_FILE]
    if dry_run:
        say("Would write:\n" + "\n".join(f"  {name}" for name in files if not name.exists()))
        return
    given: dict[str, Any] = {"dolibarr_url": url, "shop_name": shop, "currency": currency, "country": country}
    given["zone"] = zone or ("Europe/Berlin" if tongue == "de" else None)
    answers = Answers(
        api_key=SecretFrom(env=key_variable),
        shop_language=tongue,
        **{name: answer for name, answer in given.items() if answer is not None},
    )
    write_initial(file.parent, language=tongue, answers=answers, preset=preset)
    say("Written:\n" + "\n".join(f"  {name}" for name in files))
    tell(
        f"Keep a copy of {VOUCHER_KEY_FILE}: without it, no voucher code can be checked.\n"
        f"Next: put Dolibarr's API key into {key_variable}, look through {FILE_NAME}, then run\n"
        "  dolibarr-loyalty config check\n  dolibarr-loyalty doctor"
    )


def _file_to_write(setup: Setup) -> Path:
    file = setup.config_file or Path(os.environ.get(FILE_VARIABLE) or FILE_NAME)
    if file.name != FILE_NAME:
        raise InputError(
            f"`init` writes a file called {FILE_NAME}. Give --config FOLDER/{FILE_NAME}; rename it later."
        )
    return file.absolute()


def _language(spoken: str | None) -> Language:
    """The language asked for, else the one of this computer."""
    if spoken is None:
        return language(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    found = next((known for known in LANGUAGES if known == spoken.lower()), None)
    if found is None:
        raise InputError(f"There is no language {spoken!r}. Choose one of: {', '.join(LANGUAGES)}.")
    return found


def check(ctx: typer.Context, as_json: Json = False) -> None:
    """Read the settings and tell every mistake in them.

    \b
    Example:
      dolibarr-loyalty config check
    """
    try:
        config = setup_of(ctx).config
    except ConfigMistakes as failure:
        if as_json:
            show_json({"file": failure.file, "mistakes": _listed(failure.mistakes), "warnings": []})
        raise
    if as_json:
        show_json({"file": str(config.file), "mistakes": [], "warnings": _listed(config.warnings)})
        return
    _show(config)


def _listed(mistakes: tuple[Mistake, ...]) -> list[dict[str, Any]]:
    return [
        {"line": each.line, "place": each.place, "problem": each.problem, "remedy": each.remedy}
        for each in mistakes
    ]


def _show(config: Config) -> None:
    program = config.program
    show_facts(
        [
            ("Dolibarr", config.dolibarr.url),
            ("Database", config.database.shown),
            ("Mails", config.mail.kind),
            ("Program", f"{program.name}, in {program.currency}, {program.zone}"),
            ("Points", ", ".join(rule.id for rule in program.rules if not rule.promotion)),
            ("Rewards", ", ".join(reward.id for reward in program.rewards) or "none"),
            *_kinds(program),
        ],
        title=f"{config.file} can be used",
    )
    for warning in config.warnings:
        tell(f"Think about {warning}")


def _kinds(program: Program) -> list[tuple[str, str]]:
    """What a program has besides points and rewards, by the ids its owner gave."""
    kinds = {
        "Promotions": [rule.id for rule in program.rules if rule.promotion],
        "Further points": [wallet.id for wallet in program.wallets],
        "Stamp cards": [card.id for card in program.cards],
        "Tiers": [tier.id for group in program.tier_groups for tier in group.tiers],
        "Benefits": [benefit.id for benefit in program.benefits],
        "Clubs": [club.id for club in program.clubs],
        "Causes": [charity.id for charity in program.charities],
        "Activities": [activity.id for activity in program.activities],
        "Partners": [partner.id for partner in program.partners],
    }
    return [(name, ", ".join(ids)) for name, ids in kinds.items() if ids]
