"""All that processes of the service use, loaded once: each is forked from the process that imports this module."""

import gc
import importlib
import pkgutil

import bot.commands
from bot.backup.archive import Keys, Manifest
from bot.i18n.catalogues import LANGUAGES, catalogue_of, packages
from bot.models import Answer, Event, Turn
from bot.platforms import find_platforms
from bot.store.shared import codec

_MODULES = (
    *("bot.__main__", "bot.service", "bot.security.token_cipher", "bot.i18n.catalogues", "sandbox.server"),
    *("adapters.discord.adapter", "adapters.slack.adapter", "adapters.console.adapter", "rich", "pypdf"),
    *(
        "cryptography.fernet",
        "cryptography.hazmat.primitives.hmac",
        "tests.support.channel.adapter",
        "tests.support.console.talker",
        "tests.support.forked.failing_commands",
        "tests.support.killed_service",
    ),
    *("bot.backup.create", "bot.backup.restore", "bot.backup.move", "bot.store.postgres.store"),
    *("anyio._backends._asyncio", "certifi", "encodings.ascii", "encodings.idna", "bot.markdown.parser"),
    *("bot.ops.check", "bot.ops.web", "uvicorn.lifespan.on", "uvicorn.protocols.http.auto", "pydantic.v1", "uvloop"),
    *("sandbox.endpoints.audio", "sandbox.endpoints.images", "sandbox.endpoints.video"),
    *(f"bot.commands.{module.name}" for module in pkgutil.iter_modules(bot.commands.__path__)),
)
for name in _MODULES:
    importlib.import_module(name)
for kind in (Answer, Event, Turn, Manifest, Keys):
    codec._adapter(kind)
find_platforms()
for package in packages():  # to parse them is a third of a start
    for language in LANGUAGES:
        catalogue_of(package, language)
gc.collect()
gc.freeze()  # or the collector of each process would copy all of it
